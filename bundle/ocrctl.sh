#!/bin/sh
# ocrctl for Docker: asks ocr_service in its container, or one of its image when it does not run.
#
#     ./ocrctl status | process | pause | resume | reprocess | coverage | doctor | …
#     ./ocrctl backup --to FILE      a checked copy of the database on this machine
#     ./ocrctl export … --to FILE.zip  texts as files on this machine
#     ./ocrctl restore FILE          from this machine, or a name in data/backups
#
# It lies in the installation folder; a checkout's ocrctl calls it with the checkout as
# OCR_DOCKER_FOLDER. Exit codes are those of ocrctl; 3 when Docker or the images are missing.
set -eu
place=${OCR_DOCKER_FOLDER:-$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd -P)}
umask 077

say() { printf '%s\n' "ocrctl: $*" >&2; }

fail() { # exit code, sentence
    code=$1
    shift
    say "$*"
    exit "$code"
}

compose() { (cd "$place" && exec docker compose "$@"); }

need_docker() {
    command -v docker >/dev/null || fail 3 "$NOT_SET_UP"
    running=$(compose ps --status running --quiet ocr_service 2>&1) || case $running in
        *"permission denied"*) fail 5 "You may not use Docker: run this with sudo, or join the group docker." ;;
        *) fail 3 "Docker cannot be asked: $(printf '%s' "$running" | tail -n 1)" ;;
    esac
    [ -z "$running" ] || return 0
    image=$(compose config --images ocr_service | head -n 1)
    docker image inspect "$image" >/dev/null 2>&1 || fail 3 "$NOT_SET_UP"
}

inside() { # arguments of ocrctl: standard input and output are passed through as they are
    if [ -n "$running" ]; then
        compose exec -T ocr_service python /opt/app/ocr/ocrctl.py "$@"
    else
        compose run --rm --no-deps -T ocr_service python /opt/app/ocr/ocrctl.py "$@"
    fi
}

# --- Files of this machine -----------------------------------------------------------------------

field() { # name, file: of a JSON object
    sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" "$2"
}

backup() { # --to and its file stand in $target
    case $target in /*) ;; *) target=$PWD/$target ;; esac
    parent=$(dirname "$target")
    [ -d "$parent" ] && [ -w "$parent" ] || fail 5 "$parent cannot be written. Choose another file with --to."
    partial=$parent/.$(basename "$target").copying
    reply=$(mktemp)
    trap 'rm -f "$partial" "$reply"' EXIT
    trap 'exit 130' INT TERM
    code=0
    inside "$@" --to - </dev/null >"$partial" 2>"$reply" || code=$?
    [ "$code" -eq 0 ] || {
        cat "$reply" >&2
        exit "$code"
    }
    sum=$(sha256sum "$partial" | cut -d ' ' -f 1)
    [ "$sum" = "$(field sha256 "$reply")" ] || fail 15 "The copy did not arrive as it was made. Is the disk full? Try again."
    chmod 640 "$partial"
    printf '%s  %s\n' "$sum" "$(basename "$target")" >"$partial.sha256"
    chmod 644 "$partial.sha256"
    if [ "$(id -u)" -eq 0 ]; then # by sudo: as if the folder's owner had made it
        chown "$(stat -c %u:%g "$parent")" "$partial" "$partial.sha256"
    fi
    rm -f "$target.sha256" # never a new copy with an old checksum
    mv "$partial" "$target"
    mv "$partial.sha256" "$target.sha256"
    sed -n '/^{/,$p' "$reply"
}

export_files() { # --to and its file stand in $target
    case $target in
        *?.zip) kind=zip ;;
        *?.csv) kind=csv ;;
        *?.jsonl) kind=jsonl ;;
        *?.txt) kind=txt ;;
        *) fail 1 "In Docker --to needs a file whose name ends in .zip." ;;
    esac
    partial=$target.part
    : >"$partial" || fail 5 "$target cannot be written. Choose another file with --to."
    trap 'rm -f "$partial"' EXIT
    trap 'exit 130' INT TERM
    code=0
    inside "$@" "--to=-.$kind" </dev/null >"$partial" || code=$?
    case $code in 0 | 2) mv "$partial" "$target" ;; esac # 2: some could not be made, and are noted
    exit "$code"
}

restore() { # a file of this machine
    [ -z "$running" ] || fail 15 "ocr_service is running. Stop it first: docker compose stop ocr_service"
    compared=
    if [ -f "$1.sha256" ]; then
        compared=--compared
        sum=$(sha256sum "$1" | cut -d ' ' -f 1)
        [ "$sum" = "$(cut -d ' ' -f 1 "$1.sha256")" ] ||
            fail 15 "$1 is not as it was written (see $1.sha256). Nothing was changed; choose another backup."
    fi
    inside restore - $compared <"$1"
}

doctor() { # this machine first, then what the container sees
    findings=$(mktemp)
    trap 'rm -f "$findings"' EXIT
    preflight=$place/bundle/preflight.sh
    [ -f "$preflight" ] || preflight=$place/releases/$(cat "$place/VERSION")/preflight.sh
    [ ! -f "$preflight" ] || sh "$preflight" --folder "$place" >"$findings" || :
    unready=$(need_docker 2>&1) || {
        code=$?
        awk -F '\t' '{printf "%-4s  %-12s  %s\n", $1, $2, $3}' "$findings"
        printf '%s\n' "$unready" >&2
        exit "$code"
    }
    need_docker
    inside "$@" --before - <"$findings"
}

# --- What it was asked for -----------------------------------------------------------------------

if [ -d "$place/releases" ]; then
    NOT_SET_UP="The images are gone from this machine. Run the install.sh of the bundle again, with --to '$place'."
else
    NOT_SET_UP="Nothing is set up yet. With Docker run: make up   without Docker: make run"
fi
case ${1:-} in
    --data*) fail 1 "In Docker the data folder is the one of docker-compose.yml: leave --data out." ;;
    doctor)
        doctor "$@"
        exit
        ;;
esac
need_docker
case ${1:-} in
    backup | export)
        target='' rest=''
        for word in "$@"; do # what follows --to is a file of this machine
            shift
            case $rest$word in
                --to) rest=--to ;;
                --to=*) target=${word#--to=} ;;
                --to*) target=$word rest='' ;;
                *) set -- "$@" "$word" ;;
            esac
        done
        [ -z "$rest" ] || fail 1 "--to needs a file."
        if [ -z "$target" ]; then
            inside "$@" </dev/null
        elif [ "$1" = export ]; then
            export_files "$@"
        else
            backup "$@"
        fi
        ;;
    restore)
        if [ $# -eq 2 ] && [ -f "$2" ]; then restore "$2"; else inside "$@" </dev/null; fi
        ;;
    process)
        if [ -n "$running" ] && [ -t 0 ] && [ -t 1 ]; then # a terminal for the progress bar
            compose exec ocr_service python /opt/app/ocr/ocrctl.py "$@"
        else
            inside "$@" </dev/null
        fi
        ;;
    *) inside "$@" </dev/null ;;
esac
