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
            if [ "$uid:$gid" = 0:0 ]; then
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

# --- Folders -------------------------------------------------------------------------------------

named_by_compose() { # the image folder as Compose understands .env; nothing when it cannot be asked
    [ -f "$place/docker-compose.yml" ] || return 0
    (cd "$place" && docker compose config 2>/dev/null) |
        awk '$1 == "source:" {sub(/^ *source: /, ""); from = $0}
             $1 == "target:" && $2 == "/image_folder" {print from; exit}' |
        sed "s/^'\(.*\)'\$/\1/; s/''/'/g; s/^\"\(.*\)\"\$/\1/; s/[\$][\$]/\$/g"
}

find_images() { # sets images, as an absolute path; false when .env does not say what it looks like
    [ -z "$images" ] || return 0
    images=$(named_by_compose)
    [ -n "$images" ] || images=$(setting IMAGE_FOLDER "$default_images")
    case $images in /*) ;; *) images=$place/${images#./} ;; esac
    raw=$(raw_setting IMAGE_FOLDER)
    case $raw in
        [\'\"]* | "$images") return 0 ;;
        *\#* | *\$*) [ -d "$images" ] && [ ! -d "$raw" ] ;;
    esac
}

check_images() {
    if ! find_images; then
        bad 9 "image folder" "IMAGE_FOLDER in $place/.env is cut or changed by its # or \$ to $images. Write it as: IMAGE_FOLDER=$(quoted "$raw")"
        return
    fi
    if [ ! -d "$images" ]; then
        [ -z "$archive" ] || [ "$images" != "$place/${default_images#./}" ] || return 0 # install.sh makes it
        bad 9 "image folder" "The image folder $images does not exist. Create it, or name another with ${archive:+--images, or }IMAGE_FOLDER in $place/.env."
        return
    fi
    images=$(real_path "$images")
    if is_inside "$images" "$place/data"; then
        bad 9 "image folder" "The image folder $images lies in the folder of results, $place/data. Choose another folder of images."
    elif is_inside "$place/data" "$images" && [ -n "$archive" ]; then
        bad 9 "image folder" "The image folder $images holds the installation $place, which would read its own pictures. Choose a folder of images alone with --images, or another place with --to."
    elif is_inside "$place/data" "$images"; then
        warn "image folder" "$images holds $place/data, which must be left out. Better choose a folder of images alone: IMAGE_FOLDER in $place/.env."
    elif [ "$engine_kind" = desktop ]; then
        ok "image folder" "$images; Docker Desktop decides who may read it."
    elif ! may_enter "$images" "$reader" "$reader_group"; then
        bad 5 "image folder" "The image folder $images cannot be read by user $reader, as whom ocr_service reads it. Let it: $(let_read "$reader" "$images")"
    elif [ -n "${hidden:=$(first_hidden)}" ]; then
        warn "image folder" "$images/$hidden cannot be read by user $reader, as whom ocr_service reads it. Let it read all: $(let_read "$reader" "$images")"
    else
        ok "image folder" "$images can be read by user $reader."
    fi
}

first_hidden() { # the first file or folder below that the reader's user cannot read
    (cd "$images" 2>/dev/null && as_user "$reader" "$reader_group" timeout "$LOOK_BELOW_S" find . -mindepth 1 \
        \( -type f ! -readable -o -type d ! \( -readable -executable \) \) -print -quit 2>/dev/null) |
        sed 's|^\./||' | head -n 1
}

check_data() {
    [ -d "$place/data" ] && [ "$engine_kind" != desktop ] && [ -z "$archive" ] || return 0
    owner=$(stat -c %u "$place/data")
    if [ "$owner" -eq "$reader" ]; then
        ok "data folder" "$place/data belongs to user $reader, as whom ocr_service writes it."
    else
        bad 5 "data folder" "$place/data belongs to user $owner, but ocr_service writes it as user $reader. Do: sudo chown -hR $reader:$reader_group $(quoted "$place/data")"
    fi
}

check_room() {
    [ -n "$archive" ] && [ -f "$archive" ] || return 0
    archive_kb=$(($(stat -c %s "$archive") / 1024))
    models_kb=$(du -sk "$(dirname "$archive")/models" 2>/dev/null | cut -f 1)
    small_kb=$((${models_kb:-0} + SPARE_KB))
    large_kb=$((2 * archive_kb)) # the engine unpacks the archive and then makes the images of it
    [ "$(disk_of "$engine_root")" != "$(disk_of "$place")" ] || large_kb=$((large_kb + small_kb))
    [ ! -d "$engine_root" ] || need_room "$engine_root" "$large_kb" "Docker's folder"
    need_room "$place" "$small_kb" "The installation"
}

disk_of() { df -Pk "$(existing "$1")" 2>/dev/null | awk 'NR == 2 {print $1}'; }

existing() { # path: the nearest folder above that is there
    at=${1:-/}
    while [ ! -d "$at" ]; do at=$(dirname "$at"); done
    printf '%s' "$at"
}

need_room() { # folder, kB, what it is for
    free_kb=$(df -Pk "$(existing "$1")" 2>/dev/null | awk 'NR == 2 {print $4}')
    if [ "${free_kb:-$2}" -ge "$2" ]; then
        ok disk "$((free_kb / 1024)) MB are free in $1."
    else
        bad 15 disk "$3 ($1) needs $(($2 / 1024)) MB, but only $((free_kb / 1024)) MB are free. Make room; what Docker holds you see with: docker system df"
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
check_selinux
check_images
check_data
check_room
check_port
check_zone
exit "$first"
