#!/bin/sh
# Installs or upgrades ocr_docker on a machine that has only Docker. Asks nothing.
#
#     ./install.sh [--to FOLDER] [--images FOLDER] [--port NUMBER] [--key FILE]
#     ./install.sh --rollback [--to FOLDER]      back to the version before
#
# --key is the publisher's public key: the bundle must be signed with it, and so must each later one.
#
# Exit codes: 0 done, 1 bad arguments, 2 damaged bundle, 3 Docker is missing or too old,
# 5 no permission (Docker, a folder), 9 wrong setting (image folder, port), 15 no room, or other.
# It looks first (preflight.sh): what cannot work ends it before anything is changed.
#
# In the installation folder:
#     docker-compose.yml    of the version that runs; replacing it is the moment of the upgrade
#     .env                  settings; made once, never overwritten
#     ocrctl                asks the reader: ./ocrctl status, doctor, backup --to FILE, …
#     data/                 text, pictures, models; data/backups/ what upgrades saved
#     releases/<version>/   the small files of this version and of the one before
#     releases/previous     which version that was, and the backup made when it was replaced
#     releases/key          the publisher's key, once a bundle was checked with one
set -eu
umask 022
unset COMPOSE_FILE COMPOSE_PROFILES CDPATH

PROJECT=${COMPOSE_PROJECT_NAME:-ocr_docker}
READY_TIMEOUT_S=240
BACKUPS_KEPT=3
here=$(cd "$(dirname "$0")" && pwd -P)
stopped=no
upgraded=no

tab=$(printf '\t')

say() { printf '%s\n' "$*" >&2; }

fail() { # exit code, sentence
    code=$1
    shift
    say "install.sh: $*"
    if [ "$stopped" = yes ]; then
        say "Starting the version before again."
        compose up -d >/dev/null 2>&1 || say "It does not start; see: docker compose logs"
    fi
    exit "$code"
}

helpers=$here # machine.sh and preflight.sh: in a bundle beside this, else in the installed version's folder
[ -f "$helpers/machine.sh" ] || helpers=$here/releases/$(cat "$here/VERSION" 2>/dev/null) || :
[ -f "$helpers/machine.sh" ] || fail 2 "machine.sh is missing here: this is no complete bundle. Unpack it again."
# shellcheck source=bundle/machine.sh
. "$helpers/machine.sh"

compose() { (cd "$to" && docker compose "$@"); }

# --- What it was asked for -----------------------------------------------------------------------

to=
images=${IMAGE_FOLDER:-}
port=${WEB_PORT:-}
key=
action=install
unset IMAGE_FOLDER WEB_PORT # .env has them from now on, also for later commands

while [ $# -gt 0 ]; do
    case $1 in
        --to | --images | --port | --key)
            [ $# -ge 2 ] || fail 1 "$1 needs a value."
            case $1 in
                --to) to=$2 ;;
                --images) images=$2 ;;
                --port) port=$2 ;;
                --key) key=$2 ;;
            esac
            shift 2
            ;;
        --rollback)
            action=rollback
            shift
            ;;
        -h | --help)
            sed -n '2,11s/^# \{0,1\}//p' "$0"
            exit 0
            ;;
        *) fail 1 "unknown: $1. See ./install.sh --help" ;;
    esac
done
case $port in *[!0-9]*) fail 1 "--port is '$port'; it must be a number." ;; esac
case $images in *\'*) fail 1 "The name of the image folder must not contain a single quote." ;; esac
if [ -n "$images" ]; then
    [ -d "$images" ] || fail 9 "The image folder $images does not exist. Create it, or name another with --images."
    images=$(cd "$images" && pwd -P)
fi
if [ -n "$key" ]; then
    [ -f "$key" ] || fail 1 "There is no key file $key. Name the publisher's public key with --key."
    key=$(cd "$(dirname "$key")" && pwd -P)/$(basename "$key")
fi
if [ -z "$to" ]; then
    if [ -d "$here/releases" ]; then to=$here; else to=$(dirname "$here")/ocr_docker; fi
fi

# --- What is there -------------------------------------------------------------------------------

look_first() { # further arguments of preflight.sh; what cannot work ends it before anything is changed
    command -v docker >/dev/null || fail 3 "There is no docker command. Install Docker Engine with its Compose plug-in first."
    to=$(real_path "$to") place=$to code=0
    findings=$(sh "$helpers/preflight.sh" --folder "$to" "$@") || code=$?
    found warn 's/^/Note: /' >&2
    if [ "$code" -ne 0 ]; then
        found fail '1s/^/install.sh: /; 2,$s/^/Also: /' >&2
        say "Nothing was changed."
        exit "$code"
    fi
    engine_facts
    who_reads
}

found() { # result, sed's command for its sentences
    printf '%s\n' "$findings" | sed -n "s/^$1${tab}[^$tab]*$tab//p" | sed "$2"
}

check_bundle() {
    for file in SHA256SUMS VERSION ARCHITECTURE images.tar docker-compose.yml integrity.sh; do
        [ -f "$here/$file" ] || fail 2 "$file is missing here: this is no complete bundle. Unpack it again."
    done
    # shellcheck source=bundle/integrity.sh
    . "$here/integrity.sh"
    check_signature
    check_sums
    version=$(cat "$here/VERSION")
    arch=$(docker version --format '{{.Server.Arch}}')
    expected=$(cat "$here/ARCHITECTURE")
    [ "$arch" = "$expected" ] || fail 2 "This bundle is for $expected processors; this machine has $arch."
}

version_in() { # compose file; nothing when it is not one of ours
    [ -f "$1" ] && sed -n 's/^x-version: "\(.*\)"$/\1/p' "$1"
}

need_folder() {
    mkdir -p "$to" 2>/dev/null && [ -w "$to" ] || fail 5 "The folder $to cannot be written. Run this with sudo, or choose another with --to."
    to=$(cd "$to" && pwd -P)
    [ "$to" != "$here" ] || [ "$action" = rollback ] || fail 1 "Run the install.sh of a bundle, or name another folder with --to."
    current=$(version_in "$to/docker-compose.yml") || current=
    if [ -z "$current" ] && [ -e "$to/docker-compose.yml" ]; then
        fail 9 "$to holds something else. Choose another folder with --to."
    fi
    others=$(docker ps -a --filter "label=com.docker.compose.project=$PROJECT" --format '{{.Label "com.docker.compose.project.working_dir"}}' | grep -Fxv "$to" | head -n 1) || others=
    [ -z "$others" ] || fail 9 "It is installed in $others already. Name that folder: --to '$others'"
}

# --- .env ----------------------------------------------------------------------------------------

set_setting() { # name, value
    {
        [ ! -f "$to/.env" ] || grep -v "^$1=" "$to/.env" || :
        printf '%s\n' "$1=$2"
    } >"$to/.env.new"
    [ ! -f "$to/.env" ] || chmod --reference="$to/.env" "$to/.env.new" 2>/dev/null || :
    mv "$to/.env.new" "$to/.env"
}

prepare_settings() {
    if [ ! -f "$to/.env" ]; then
        printf '%s\n' "# What differs from the defaults, which .env.example explains. Then: docker compose up -d" >"$to/.env"
        [ "$uid:$gid" = 10001:10001 ] || printf 'OCR_UID=%s\nOCR_GID=%s\n' "$uid" "$gid" >>"$to/.env"
        if [ -z "$images" ]; then
            mkdir -p "$to/images"
            images=./images
        fi
    fi
    [ -z "$images" ] || set_setting IMAGE_FOLDER "'$images'"
    [ -z "$port" ] || set_setting WEB_PORT "$port"
    if [ "$engine_kind" = desktop ]; then use_overlay desktop; fi
    if [ "$engine_selinux" = yes ] && [ "$(getenforce 2>/dev/null)" = Enforcing ]; then use_overlay selinux; fi
}

use_overlay() { # name: Compose reads docker-compose.NAME.yml, too, unless .env names its files already
    [ -z "$(raw_setting COMPOSE_FILE)" ] || return 0
    set_setting COMPOSE_FILE "docker-compose.yml:docker-compose.$1.yml"
}

try_image_folder() { # with the mount that ocr_service gets: whatever else may forbid it
    mounted=${images:-$(setting IMAGE_FOLDER ./images)}
    case $mounted in /*) ;; *) mounted=$to/${mounted#./} ;; esac
    case $mounted in *:*) return 0 ;; esac # a colon cannot stand in --volume
    [ -d "$mounted" ] || return 0 # it is the default, and still to be made
    docker run --rm --pull never --network none --read-only --cap-drop ALL \
        --security-opt no-new-privileges:true --security-opt label=disable \
        --user "$uid:$gid" --volume "$mounted:/image_folder:ro" "ocr_docker/ocr_service:$version" \
        python -c 'import os; os.listdir("/image_folder"); os.stat("/image_folder/.")' >/dev/null 2>&1 ||
        fail 5 "The image folder $mounted cannot be read in a container, as user $uid. $(way_in) Then run this again; nothing was changed."
}

way_in() { # what may open $mounted
    reader=$(host_id "$uid")
    closed=$(closed_parent "$reader" "$((gid + id_shift))" "$mounted")
    if [ -n "$closed" ]; then
        printf '%s' "Let that user pass: sudo setfacl -m u:$reader:x $(quoted "$closed")   or name another folder with --images."
    else
        printf '%s' "Let that user read it, or name another folder with --images."
    fi
}

# --- The database --------------------------------------------------------------------------------

keep_database() { # version whose image does it, arguments of keep_database.py
    image=ocr_docker/ocr_service:$1
    shift
    docker run --rm --pull never --network none --read-only --cap-drop ALL \
        --security-opt no-new-privileges:true \
        --user "$uid:$gid" \
        --volume "$(data_mount):/data" --volume "$tool:/keep_database.py:ro" \
        "$image" python /keep_database.py "$@"
}

data_mount() { # where /data is: a folder here, or a volume of Docker Desktop's
    case $(setting COMPOSE_FILE '') in
        *docker-compose.desktop.yml*) printf '%s' "${PROJECT}_data" ;;
        *) printf '%s' "$to/data" ;;
    esac
}

backup() { # of the stopped version $current
    name=backups/ocr_data-$current-$(date -u +%Y%m%dT%H%M%SZ).db
    tool=$here/keep_database.py
    say "Saving the database."
    keep_database "$version" backup /data/ocr_data.db "/data/$name" >&2 ||
        fail 15 "The database could not be saved, so nothing was changed."
}

drop_old_backups() {
    find "$to/data/backups" -name 'ocr_data-*-*.db' 2>/dev/null | sed 's/.*-//' | sort -r |
        sed "1,${BACKUPS_KEPT}d" | while read -r stamp; do
        rm -f "$to"/data/backups/ocr_data-*-"$stamp"
    done
}

# --- Files ---------------------------------------------------------------------------------------

copy_release() {
    release=$to/releases/$version
    rm -rf "$release.new"
    mkdir -p "$release.new"
    for file in VERSION docker-compose.yml .env.example install.sh verify.sh keep_database.py INSTALL.md verify \
        machine.sh preflight.sh preflight_folders.sh ocrctl.sh docker-compose.selinux.yml docker-compose.desktop.yml; do
        cp -R "$here/$file" "$release.new/"
    done
    rm -rf "$release"
    mv "$release.new" "$release"
}

prepare_data() {
    mkdir -p "$to/data/paddle_models/whl"
    cp -R "$here/models/." "$to/data/paddle_models/whl/"
    if [ -d "$here/languages" ]; then
        mkdir -p "$to/data/languages"
        cp -R "$here/languages/." "$to/data/languages/"
    fi
    own_data
}

own_data() { # let the containers write data/
    if [ "$(id -u)" -eq 0 ]; then
        chown -hR "$(host_id "$uid"):$((gid + id_shift))" "$to/data"
    fi
    chmod u+rwx,g+rx "$to/data"
}

use_release() { # version: from here on it is the one that `docker compose` starts
    cp "$to/releases/$1/docker-compose.yml" "$to/.docker-compose.yml.new"
    mv "$to/.docker-compose.yml.new" "$to/docker-compose.yml"
    for file in VERSION .env.example install.sh verify.sh INSTALL.md ocrctl.sh \
        docker-compose.selinux.yml docker-compose.desktop.yml; do
        [ -f "$to/releases/$1/$file" ] || continue # an older version has fewer
        cp "$to/releases/$1/$file" "$to/.$file.new"
        mv "$to/.$file.new" "$to/$file"
    done
    if [ -f "$to/ocrctl.sh" ]; then
        chmod 755 "$to/ocrctl.sh"
        mv "$to/ocrctl.sh" "$to/ocrctl"
    fi
}

remember() { # version before, its backup in data/
    printf '%s\n%s\n' "$1" "$2" >"$to/releases/previous.new"
    mv "$to/releases/previous.new" "$to/releases/previous"
}

drop_older_versions() { # all but the current one and the one before
    kept=$(head -n 1 "$to/releases/previous" 2>/dev/null) || kept=
    for folder in "$to"/releases/*/; do
        name=$(basename "$folder")
        [ "$name" != "$version" ] && [ "$name" != "$kept" ] || continue
        rm -rf "$folder"
        drop_images "$name" && say "Removed version $name and its images."
    done
    [ -z "$kept" ] || say "Version $kept and its images stay for: $to/install.sh --rollback"
}

drop_images() { # version
    for image in "ocr_docker/ocr_service:$1" "ocr_docker/web_service:$1"; do
        docker image inspect "$image" >/dev/null 2>&1 || continue
        docker rmi "$image" >/dev/null 2>&1 || {
            say "The image $image could not be removed; see: docker rmi $image"
            return 1
        }
    done
}

image_ids() { # of $version, as far as they are here
    docker image inspect --format '{{.Id}}' "ocr_docker/ocr_service:$version" "ocr_docker/web_service:$version" 2>/dev/null || :
}

drop_replaced() { # the images that had this version's names before, when the bundle brought others
    for id in $replaced; do
        image_ids | grep -Fqx "$id" || docker rmi "$id" >/dev/null 2>&1 || :
    done
}

need_gpu() { # for a bundle that reads on a GPU: does Docker give a container one?
    grep -q 'driver: nvidia' "$here/docker-compose.yml" || return 0
    if ! answer=$(docker run --rm --pull never --network none --gpus all \
        "ocr_docker/ocr_service:$version" /usr/bin/python3 -c '' 2>&1); then
        [ "$version" = "$current" ] || drop_images "$version" || :
        fail 3 "Docker gives no GPU to a container ($(printf '%s' "$answer" | sed -n 's/^docker: //p' | head -n 1)), so nothing was installed. Install NVIDIA's driver and the NVIDIA Container Toolkit, then: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker. Without a GPU take the -cpu bundle."
    fi
}

# --- Starting ------------------------------------------------------------------------------------

start() {
    say "Starting version $version."
    if ! output=$(compose up -d --remove-orphans 2>&1); then
        compose down >/dev/null 2>&1 || :
        case $output in
            *"address already in use"* | *"port is already allocated"*)
                fail 9 "Port $(setting WEB_PORT 5000) is in use by another program. Choose another: ./install.sh --to '$to' --port 5080"
                ;;
            *) fail 15 "It does not start: $(printf '%s' "$output" | tail -n 3)" ;;
        esac
    fi
    waited=0
    until [ "$(health ocr_service)" = healthy ] && [ "$(health web_service)" = healthy ]; do
        if [ "$waited" -ge "$READY_TIMEOUT_S" ] || [ "$(restarts)" -ge 3 ]; then
            compose logs --no-log-prefix --tail 5 >&2 || :
            hint=
            [ "$upgraded" = no ] || hint=" The version before is back with: $to/install.sh --rollback"
            fail 15 "It does not become ready; its last words are above.$hint"
        fi
        sleep 2
        waited=$((waited + 2))
    done
    say "Ready: version $version in $to"
    page_address
}

health() {
    docker inspect --format '{{.State.Health.Status}}' "$(compose ps -aq "$1")" 2>/dev/null || :
}

restarts() {
    docker inspect --format '{{.RestartCount}}' "$(compose ps -aq ocr_service)" 2>/dev/null || echo 0
}

# --- The two actions -----------------------------------------------------------------------------

install() {
    look_first --images "$images" --port "$port" --archive "$here/images.tar"
    check_bundle
    need_folder
    say "Loading the images."
    replaced=$(image_ids)
    docker load --quiet --input "$here/images.tar" >/dev/null || fail 15 "Docker cannot load the images: see above."
    need_gpu
    try_image_folder
    prepare_settings
    copy_release
    keep_key
    if [ -n "$current" ] && [ "$current" != "$version" ]; then
        say "Upgrading from $current to $version."
        compose down >/dev/null 2>&1 || fail 15 "The version that runs cannot be stopped."
        stopped=yes
        backup
        remember "$current" "$name"
        upgraded=yes
    fi
    prepare_data
    use_release "$version"
    stopped=no
    start
    drop_replaced
    drop_older_versions
    drop_old_backups
}

rollback() {
    look_first
    need_folder
    [ -n "$current" ] || fail 9 "Nothing is installed in $to. Name the folder with --to."
    version=$(sed -n 1p "$to/releases/previous" 2>/dev/null) || version=
    saved=$(sed -n 2p "$to/releases/previous" 2>/dev/null) || saved=
    [ -n "$version" ] && [ "$version" != "$current" ] || fail 9 "There is no version before $current."
    for image in ocr_service web_service; do
        docker image inspect "ocr_docker/$image:$version" >/dev/null 2>&1 ||
            fail 15 "The images of version $version are gone. Run the install.sh of its bundle with --to '$to'."
    done
    try_image_folder
    say "Going back from $current to $version."
    compose down >/dev/null 2>&1 || fail 15 "The version that runs cannot be stopped."
    stopped=yes
    # The newer version's own tool: it reads both databases.
    tool=$to/releases/$current/keep_database.py
    name=backups/ocr_data-$current-$(date -u +%Y%m%dT%H%M%SZ).db
    keep_database "$current" go-back /data/ocr_data.db "/data/$saved" "/data/$name" >&2 ||
        fail 15 "The database could not be brought back, so nothing was changed."
    remember "$current" "$name"
    use_release "$version"
    own_data
    stopped=no
    start
}

"$action"
