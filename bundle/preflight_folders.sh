# The part of preflight.sh that looks at folders and disks: sourced by it.
#
#     find_images     the image folder, as Compose understands .env
#     check_images    may the reader's user read it, and does it lie apart from the results?
#     check_data      may that user write the results?
#     check_room      is there room for the images and the installation?
# shellcheck shell=sh disable=SC2154,SC2034  # the settings and facts are preflight.sh's

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
