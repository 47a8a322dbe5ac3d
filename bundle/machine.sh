# What install.sh, preflight.sh and ocrctl know of this machine: sourced by them, starts nothing.
#
#     place=/opt/ocr_docker      the folder of docker-compose.yml, .env and data/
#     setting NAME DEFAULT        a variable as Compose takes it
#     engine_facts                sets engine_kind, id_shift, engine_selinux, engine_limits, engine_root
#     host_id ID                  which number of this machine the containers' number is
#     page_address                where a browser on this machine finds the page that runs
# shellcheck shell=sh disable=SC2154,SC2034  # place is set by who sources this, the facts are used there

setting() { # name, default: the environment comes before .env
    eval "value=\${$1:-}"
    [ -n "$value" ] || value=$(unquoted "$(raw_setting "$1")")
    printf '%s' "${value:-$2}"
}

raw_setting() { # name: the value as it is written in .env
    sed -n "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}$1[[:space:]]*[=:][[:space:]]*//p" \
        "$place/.env" 2>/dev/null | tail -n 1
}

unquoted() { # value: what Compose makes of it; outside quotes " #" begins a comment
    case $1 in
        \'*) value=${1#\'} value=${value%%\'*} ;;
        \"*) value=${1#\"} value=${value%%\"*} ;;
        *) value=$(printf '%s' "$1" | sed 's/[[:space:]]#.*//; s/[[:space:]]*$//') ;;
    esac
    printf '%s' "$value"
}

quoted() { # text: so that a shell, or .env, takes it as it is
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

real_path() { # path whose last parts need not exist
    (
        path=$1 rest=
        while [ ! -d "$path" ]; do
            rest=/$(basename "$path")$rest
            path=$(dirname "$path")
        done
        path=$(cd "$path" 2>/dev/null && pwd -P || printf '%s' "$path")
        printf '%s' "${path%/}${rest:-/}" | sed 's|\(.\)/$|\1|'
    )
}

is_inside() { # path, folder: whatever the names, links and mounts; a folder is inside itself
    (
        path=$(real_path "$1")
        while :; do
            ! [ "$path" -ef "$2" ] || exit 0
            [ "$path" != / ] || exit 1
            path=$(dirname "$path")
        done
    )
}

engine_facts() { # engine_kind: plain, remapped (user namespaces), rootless or desktop
    engine_kind=plain id_shift=0 engine_selinux=no engine_limits=yes engine_root=
    facts=$(docker info --format '{{.DockerRootDir}}|{{.OperatingSystem}}|{{json .SecurityOptions}}|{{.CgroupDriver}}' 2>/dev/null) || return 0
    engine_root=${facts%%|*}
    case $facts in *name=selinux*) engine_selinux=yes ;; esac
    case $facts in *'|none') engine_limits=no ;; esac
    case $facts in
        *'|Docker Desktop'*) engine_kind=desktop ;;
        *name=rootless*) engine_kind=rootless ;;
        *name=userns*)
            engine_kind=remapped # its folder is named after the first number: /var/lib/docker/100000.100000
            id_shift=${engine_root##*/}
            id_shift=${id_shift%%.*}
            case $id_shift in '' | *[!0-9]*) id_shift=0 ;; esac
            ;;
    esac
}

host_id() { # number inside; in a rootless engine the one to use is 0, which is who runs it
    case $engine_kind in
        rootless) id -u ;;
        *) printf '%s' "$(($1 + id_shift))" ;;
    esac
}

page_address() { # with the path below which the running page answers
    published=$(cd "$place" && docker compose port web_service 5000) || return 1
    case $published in
        127.0.0.1:* | 0.0.0.0:* | '[::]:'* | :::*) published=localhost:${published##*:} ;;
    esac
    path=$(cd "$place" && docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' \
        "$(docker compose ps -q web_service)" | sed -n 's/^WEB_BASE_PATH=[[:space:]]*//p' | sed 's|[/[:space:]]*$||')
    printf 'http://%s%s\n' "$published" "${path:+$path/}"
}

who_reads() { # sets uid and gid: of .env, or what install.sh writes there where there is none yet
    uid=10001 gid=10001
    if [ ! -f "$place/.env" ]; then
        case $engine_kind in
            rootless) uid=0 gid=0 ;; # there that is who runs it
            desktop) ;;
            *) [ "$(id -u)" -eq 0 ] || uid=$(id -u) gid=$(id -g) ;;
        esac
    fi
    uid=$(setting OCR_UID "$uid") gid=$(setting OCR_GID "$gid")
}

may_enter() { # folder, uid, gid: whether that user may list it, whatever lies above it
    may "$1" "$2" "$3" -r 4 && may "$1" "$2" "$3" -x 1
}

may() { # folder, uid, gid, test and bit of the right
    if as_user "$2" "$3" true 2>/dev/null; then
        (cd "$1" 2>/dev/null && as_user "$2" "$3" test "$4" .)
        return
    fi
    at=$1 test=$4 right=$5
    # shellcheck disable=SC2046  # three words: owner, group, rights
    set -- "$2" "$3" $(stat -c '%u %g %a' "$at" 2>/dev/null)
    [ $# -eq 5 ] || return 0 # nobody knows; the engine will tell
    bits=$(printf '%04d' "$5") bits=${bits#?}
    if [ "$1" -eq "$3" ]; then
        bits=${bits%??}
    elif named=$(getfacl -cnp "$at" 2>/dev/null | sed -n "s/^user:$1:\([rwx-]*\).*/\1/p") && [ -n "$named" ]; then
        case $named in *"${test#-}"*) return 0 ;; *) return 1 ;; esac
    elif [ "$2" -eq "$4" ]; then
        bits=${bits#?} bits=${bits%?}
    else
        bits=${bits#??}
    fi
    [ $((bits & right)) -ne 0 ]
}

as_user() { # uid, gid, command
    user=$1 group=$2
    shift 2
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid "$user" --regid "$group" --clear-groups "$@"
    else
        [ "$(id -u)" -eq "$user" ] && "$@"
    fi
}

let_read() { # uid, folder: the command that lets that user read it
    acl="setfacl -R -m u:$1:rX,d:u:$1:rX $(quoted "$2")"
    if command -v setfacl >/dev/null; then
        printf 'sudo %s' "$acl"
    else
        printf 'sudo %s (of the package acl), or for everybody on this machine: sudo chmod -R o+rX %s' "$acl" "$(quoted "$2")"
    fi
}

closed_parent() { # uid, gid, path: the outermost folder above it that this user cannot pass; nothing if none
    (
        path=$3 found=
        while [ "$path" != / ]; do
            path=$(dirname "$path")
            may "$path" "$1" "$2" -x 1 || found=$path
        done
        printf '%s' "$found"
    )
}
