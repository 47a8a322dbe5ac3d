#!/bin/sh
# Looks at this machine before the containers start on it, and changes nothing.
#
#     preflight.sh --folder FOLDER [--images FOLDER] [--port NUMBER] [--archive images.tar]
#
# FOLDER holds docker-compose.yml, .env and data/, or will: --archive says that it is about to be
# installed. One line a check on stdout, for install.sh and for `ocrctl doctor`:
#
#     ok|warn|fail <tab> what was looked at <tab> one sentence, with the command that mends it
#
# The exit code is that of the first check that fails: 0 none, 1 bad arguments, 3 Docker is missing
# or too old, 5 no permission, 9 wrong setting, 15 no room.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=bundle/machine.sh
. "$here/machine.sh"
# shellcheck source=bundle/preflight_folders.sh
. "$here/preflight_folders.sh"
OLDEST_ENGINE=20.10
LOOK_BELOW_S=5
SPARE_KB=524288 # for the database, pictures and logs of the first days
first=0

note() { printf '%s\t%s\t%s\n' "$1" "$2" "$3"; }
ok() { note ok "$@"; }
warn() { note warn "$@"; }
bad() { # exit code, what was looked at, sentence
    [ "$first" -ne 0 ] || first=$1
    note fail "$2" "$3"
}

place='' images='' port='' archive=''
while [ $# -gt 1 ]; do
    case $1 in
        --folder) place=$2 ;;
        --images) images=$2 ;;
        --port) port=$2 ;;
        --archive) archive=$2 ;;
        *) break ;;
    esac
    shift 2
done
[ $# -eq 0 ] && [ -n "$place" ] || {
    sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
    exit 1
}

# --- Docker --------------------------------------------------------------------------------------

older() { # version, oldest: both as 20.10.24
    printf '%s\n' "$1" | awk -F '[.+-]' -v oldest="$2" '{
        split(oldest, need, "."); exit !($1 ~ /^v?[0-9]+$/ && (substr($1, 1 + /^v/) + 0 < need[1] ||
        (substr($1, 1 + /^v/) + 0 == need[1] && $2 + 0 < need[2]))) }'
}

docker_answers() {
    if ! command -v docker >/dev/null; then
        bad 3 docker "There is no docker command. Install Docker Engine with its Compose plug-in first."
        return 1
    fi
    case $(docker --version 2>/dev/null) in
        *[Pp]odman*)
            bad 3 docker "This docker command is Podman, with which ocr_docker was never tried. Install Docker Engine: https://docs.docker.com/engine/install"
            return 1
            ;;
    esac
    if ! version=$(docker version --format '{{.Server.Version}}' 2>&1); then
        case $version in
            *"permission denied"*) bad 5 docker "You may not use Docker. Run this with sudo, or join the group docker: sudo usermod -aG docker \$USER, and log in again." ;;
            *) bad 3 docker "The Docker engine does not answer. Start it: sudo systemctl start docker" ;;
        esac
        return 1
    fi
    if older "$version" "$OLDEST_ENGINE"; then
        bad 3 docker "Docker Engine $version is too old: $OLDEST_ENGINE is the oldest that works. Upgrade it with your package manager."
        return 1
    fi
    compose_version=$(docker compose version --short 2>/dev/null) || compose_version=
    case ${compose_version#v} in
        '' | 1.*)
            bad 3 docker "Docker lacks Compose 2. Install the package docker-compose-plugin (Docker's own) or docker-compose-v2 (Ubuntu's)."
            return 1
            ;;
    esac
    ok docker "Engine $version with Compose ${compose_version#v}."
}

uses_overlay() { # name: whether COMPOSE_FILE names docker-compose.NAME.yml
    case $(setting COMPOSE_FILE '') in *docker-compose."$1".yml*) return 0 ;; *) return 1 ;; esac
}

overlay_line() { # name: what .env needs
    overlay=docker-compose.$1.yml
    [ ! -f "$place/bundle/$overlay" ] || overlay=bundle/$overlay
    printf 'COMPOSE_FILE=%s:%s' "$(setting COMPOSE_FILE docker-compose.yml)" "$overlay"
}

check_engine() {
    case $engine_kind in
        plain) ok engine "It runs as root and leaves user numbers as they are." ;;
        remapped)
            if [ -n "$archive" ] && [ "$(id -u)" -ne 0 ]; then
                bad 5 engine "This engine remaps users, so data/ must belong to user $(host_id "$uid"). Run this with sudo."
            else
                ok engine "It remaps users: user $uid of the containers is $(host_id "$uid") on this machine."
            fi
            ;;
        rootless)
            if [ "$(id -u)" -eq 0 ]; then
                bad 5 engine "This engine is rootless. Run this without sudo, as the user whose engine it is."
            elif [ "$uid:$gid" = 0:0 ]; then
                ok engine "It is rootless: user 0 of the containers is you."
            else
                bad 9 engine "This engine is rootless, where you are user 0 of the containers. Write OCR_UID=0 and OCR_GID=0 into $place/.env; then: docker compose up -d"
            fi
            ;;
        desktop)
            if [ -n "$archive" ] || uses_overlay desktop; then
                ok engine "Docker Desktop: the database lies in a volume of Docker's, not in data/."
            else
                bad 9 engine "Docker Desktop shares folders in a way that SQLite cannot work on. Write $(overlay_line desktop) into $place/.env; then: docker compose up -d"
            fi
            ;;
    esac
}

check_limits() {
    [ "$engine_limits" = yes ] ||
        warn limits "This engine has no control groups, so OCR_MEMORY_LIMIT and the other limits have no effect. A rootless engine has them where the machine was started with cgroup v2."
}

check_selinux() {
    command -v getenforce >/dev/null || return 0
    if [ "$(getenforce 2>/dev/null)" != Enforcing ] || [ "$engine_selinux" = no ]; then
        ok selinux "It does not confine Docker's containers here."
    elif [ -n "$archive" ] || uses_overlay selinux; then
        ok selinux "data/ gets the containers' label; the images keep theirs."
    else
        warn selinux "It keeps the containers from data/ and the images. Write $(overlay_line selinux) into $place/.env; then: docker compose up -d"
    fi
}

# --- The page and the clock ----------------------------------------------------------------------

listens() { # port: whether a program of this machine has it where the page would be
    address=$(setting WEB_BIND 127.0.0.1)
    number=$(printf '%04X' "$1")
    case $address in
        0.0.0.0 | '[::]' | ::) where='[0-9A-F]*' ;;
        *.*.*.*)
            hex=$(printf '%s' "$address" | awk -F . '{printf "%02X%02X%02X%02X", $4, $3, $2, $1}')
            where="\(0*\|$hex\|0000000000000000FFFF0000$hex\)"
            ;;
        *) where='0*' ;;
    esac
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "^ *[0-9]*: $where:$number [0-9A-F]*:0000 0A "
}

check_port() {
    port=${port:-$(setting WEB_PORT 5000)}
    case $port in *[!0-9]*) bad 9 port "WEB_PORT is '$port'; it must be a number." && return ;; esac
    if docker ps --filter "label=com.docker.compose.project=$(setting COMPOSE_PROJECT_NAME ocr_docker)" \
        --format '{{.Ports}}' 2>/dev/null | grep -q ":$port->"; then
        ok port "The page is on port $port."
    elif [ "$engine_kind" != desktop ] && listens "$port"; then
        other=5080
        [ "$port" -ne 5080 ] || other=5081
        if [ -n "$archive" ]; then remedy="./install.sh --to $(quoted "$place") --port $other"; else remedy="WEB_PORT=$other in $place/.env"; fi
        bad 9 port "Port $port is in use by another program. Choose another: $remedy"
    else
        ok port "Port $port is free."
    fi
}

check_zone() {
    zone=$(setting TZ '')
    [ -n "$zone" ] && [ -d /usr/share/zoneinfo ] && [ ! -f "/usr/share/zoneinfo/${zone#:}" ] || return 0
    case $zone in
        *[0-9]*) ;; # a rule, as in CET-1CEST
        *) warn "time zone" "TZ is '$zone', which is no time zone that this machine knows, so the logs would be in UTC. Use a name such as Europe/Berlin." ;;
    esac
}

docker_answers || exit "$first"
engine_facts
default_images=$(sed -n 's/.*\${IMAGE_FOLDER:-\([^}]*\)}.*/\1/p' "$place/docker-compose.yml" 2>/dev/null | head -n 1)
default_images=${default_images:-./images}
if [ -n "$archive" ]; then who_reads; else uid=$(setting OCR_UID 10001) gid=$(setting OCR_GID 10001); fi
reader=$(host_id "$uid") reader_group=$((gid + id_shift))
[ "$engine_kind" != rootless ] || reader_group=$(id -g)
check_engine
check_limits
check_selinux
check_images
check_data
check_room
check_port
check_zone
exit "$first"
