#!/bin/sh
# Checks an installation: reads one known image, and looks at who can reach what.
#
#     ./verify.sh [--to FOLDER]
#
# The image is read by a second reader with a data folder in memory: nothing is written into yours.
# Who gets to the page is tried from two containers beside it, which are gone afterwards.
# Exit codes: 0 all passed, 1 bad arguments, 3 Docker is missing, 9 nothing is installed, 15 failed.
set -eu
unset COMPOSE_FILE COMPOSE_PROFILES CDPATH

here=$(cd "$(dirname "$0")" && pwd -P)
to=
failed=0
reader=
start_within=180 # seconds: the models are loaded

say() { printf '%s\n' "$*"; }
fail() {
    code=$1
    shift
    printf 'verify.sh: %s\n' "$*" >&2
    exit "$code"
}
compose() { (cd "$to" && docker compose "$@"); }

while [ $# -gt 0 ]; do
    case $1 in
        --to)
            [ $# -ge 2 ] || fail 1 "--to needs a folder."
            to=$2
            shift 2
            ;;
        *) fail 1 "unknown: $1. Use: ./verify.sh [--to FOLDER]" ;;
    esac
done
if [ -z "$to" ]; then
    if [ -d "$here/releases" ]; then to=$here; else to=$(dirname "$here")/ocr_docker; fi
fi
[ -f "$to/docker-compose.yml" ] || fail 9 "Nothing is installed in $to. Run ./install.sh, or name the folder with --to."
to=$(cd "$to" && pwd -P)
docker compose version >/dev/null 2>&1 || fail 3 "Docker with Compose 2 is missing."
docker version >/dev/null 2>&1 || fail 3 "The Docker engine does not answer, or you may not use it: try sudo."
version=$(cat "$to/VERSION")
known=$to/releases/$version/verify

check() { # what, command and its arguments: prints pass or FAIL and the command's words
    what=$1
    shift
    if words=$("$@" 2>&1); then
        say "pass  $what${words:+ ($words)}"
    else
        say "FAIL  $what${words:+: $words}"
        failed=1
    fi
}

container() { # the id of a service's running container
    id=$(compose ps -q "$1")
    [ -n "$id" ] || {
        echo "it does not run; start it: cd $to && docker compose up -d"
        return 1
    }
}

inside() { # service, arguments of check.py: runs it in the service's container
    container "$1" || return 1
    shift
    docker exec -i "$id" python - "$@" <"$known/check.py"
}

healthy() { # waits while it starts
    waited=0
    while container "$1" || return 1; do
        state=$(docker inspect --format '{{.State.Health.Status}}' "$id") || return 1
        [ "$state" != healthy ] || return 0
        if [ "$state" != starting ] || [ "$waited" -ge "$start_within" ]; then
            echo "it is $state after $waited s; see: cd $to && docker compose logs $1"
            return 1
        fi
        sleep 1
        waited=$((waited + 1))
    done
}

user_of() { # service: its user and group as they are inside, also where the engine remaps them
    id=$(compose ps --all -q "$1")
    [ -n "$id" ] && docker inspect --format '{{.Config.User}}' "$id"
}

variable() { # service's container, name: what the service was told
    docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$1" | sed -n "s/^$2=//p"
}

hardened() { # docker run with what every container of ours is started with
    docker run --rm --pull never --read-only --cap-drop ALL \
        --security-opt no-new-privileges:true --tmpfs /tmp:mode=1777 "$@"
}

from_beside() { # network, or nothing for the page's own: tries the page as a neighbour does
    container web_service || return 1
    first=$(docker inspect \
        --format '{{range $name, $_ := .NetworkSettings.Networks}}{{println $name .IPAddress}}{{end}}' \
        "$id" | sed -n 1p)
    hardened --interactive --network "${1:-${first%% *}}" \
        --env "WEB_BASE_PATH=$(variable "$id" WEB_BASE_PATH)" \
        --env "WEB_ALLOWED_HOSTS=$(variable "$id" WEB_ALLOWED_HOSTS)" "ocr_docker/web_service:$version" \
        python - neighbour "${first##* }" "$(variable "$id" WEB_PUBLISHED_ADDRESS)" \
        "$(variable "$id" WEB_TRUSTED_PROXIES)" <"$known/check.py"
}

read_known() {
    user=$(user_of ocr_service) || {
        echo "ocr_service was never started; start it: cd $to && docker compose up -d"
        return 1
    }
    reader=$(hardened --detach --network none --user "$user" --memory 4g \
        --tmpfs "/data:mode=0750,uid=${user%%:*},gid=${user##*:}" \
        --volume "$to/data/paddle_models:/data/paddle_models:ro" \
        --volume "$known/images:/image_folder:ro" \
        --env OCR_SETTLE_S=0.1 --env OCR_SCAN_INTERVAL_S=0.5 --env OCR_DEVICE=cpu \
        "ocr_docker/ocr_service:$version") || return 1
    printf '%s' "$reader" >"$reader_file"
    docker exec -i "$reader" python - text "$(cat "$known/expected.txt")" <"$known/check.py"
}

end_reader() {
    [ ! -s "$reader_file" ] || docker kill "$(cat "$reader_file")" >/dev/null 2>&1 || :
    rm -f "$reader_file"
}

reader_file=$(mktemp)
trap end_reader EXIT
trap 'exit 130' INT TERM

say "ocr_docker $version in $to"
check "ocr_service is ready" healthy ocr_service
check "web_service is ready" healthy web_service
check "a known image is read" read_known
check "ocr_service has no network" inside ocr_service network
check "web_service cannot reach out" inside web_service exits
check "a container beside web_service is turned away" from_beside
check "so is one on another network" from_beside bridge
check "no page refers to an outside address" inside web_service pages
if [ "$failed" -ne 0 ]; then
    say "FAILED"
    exit 15
fi
say "PASSED"
