#!/bin/sh
# Checks an installation: reads one known image, and looks at who can reach what.
#
#     ./verify.sh [--to FOLDER]
#
# The image is read by a second reader with a data folder in memory: nothing is written into yours.
# Exit codes: 0 all passed, 1 bad arguments, 3 Docker is missing, 9 nothing is installed, 15 failed.
set -eu
unset COMPOSE_FILE COMPOSE_PROFILES CDPATH

here=$(cd "$(dirname "$0")" && pwd -P)
to=
failed=0
reader=

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

healthy() {
    container "$1" || return 1
    state=$(docker inspect --format '{{.State.Health.Status}}' "$id")
    [ "$state" = healthy ] || {
        echo "it is $state"
        return 1
    }
}

owner() { # of the data folder: the user that the reader runs as
    stat -c '%u:%g' "$to/data"
}

read_known() {
    reader=$(docker run --detach --rm --pull never --network none --read-only --cap-drop ALL \
        --security-opt no-new-privileges:true --user "$(owner)" --memory 4g --tmpfs /tmp:mode=1777 \
        --tmpfs "/data:mode=0750,uid=$(stat -c %u "$to/data"),gid=$(stat -c %g "$to/data")" \
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
check "no page refers to an outside address" inside web_service pages
if [ "$failed" -ne 0 ]; then
    say "FAILED"
    exit 15
fi
say "PASSED"
