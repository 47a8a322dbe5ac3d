#!/bin/sh
# What mmdebstrap runs over the extracted packages, before they become vendor/base.tar.
#
#     base_hook.sh ROOT PYTHON UID      e.g. base_hook.sh /tmp/root python3.13 10001
#
# The base has no shell and no package manager. What a maintainer script would have made and the
# services need is made here; what only a shell, Perl or a person would use goes.
set -eu
root=$1 python=$2 uid=$3

# OpenCV's wheel links libGL for its windows, which nobody opens. The package libgl1 would bring
# Mesa and LLVM along (200 MB), so these three come without what they depend on.
mkdir "$root/tmp/libgl"
(cd "$root/tmp/libgl" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download libgl1 libglx0 libglvnd0)

# Which packages are inside, in the form that image scanners look for.
mkdir -p "$root/var/lib/dpkg/status.d"
for deb in "$root"/tmp/libgl/*.deb "$root"/var/cache/apt/archives/*.deb; do
    [ -e "$deb" ] || continue
    dpkg-deb --field "$deb" >"$root/var/lib/dpkg/status.d/$(dpkg-deb --field "$deb" Package)"
done
for deb in "$root"/tmp/libgl/*.deb; do
    dpkg-deb --extract "$deb" "$root"
done
rm -r "$root/tmp/libgl"

printf '%s\n' 'root:x:0:0:root:/root:/usr/sbin/nologin' \
    "ocr:x:$uid:$uid:ocr_service:/tmp:/usr/sbin/nologin" \
    "web:x:$((uid + 1)):$uid:web_service:/tmp:/usr/sbin/nologin" \
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' "ocr:x:$uid:" 'nogroup:x:65534:' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
ln -s "$python" "$root/usr/bin/python3"

cd "$root"
rm -rf usr/share/bash-completion usr/share/binfmts usr/share/bug usr/share/debconf \
    usr/share/doc-base usr/share/gcc usr/share/gdb usr/share/info usr/share/lintian usr/share/misc \
    usr/share/perl5 usr/share/pixmaps usr/share/readline usr/share/X11/locale usr/include usr/games \
    usr/bin/debconf* usr/bin/getconf usr/bin/iconv usr/bin/ldd usr/bin/locale* usr/bin/mawk \
    usr/bin/pldd usr/bin/tzselect usr/bin/zdump usr/sbin/dpkg-* usr/sbin/iconvconfig usr/sbin/zic \
    etc/debconf.conf etc/skel etc/update-motd.d boot home srv \
    "usr/lib/$python/pydoc_data" "usr/lib/$python/turtle.py"
mkdir data image_folder
chown "$uid:$uid" data # a new volume that is mounted there takes its owner (Docker Desktop)

# Byte code of the standard library. "unchecked": nothing in a read-only image ever changes, and
# times of files would make each build another one.
chroot "$root" "/usr/bin/$python" -m compileall -q --invalidation-mode unchecked-hash \
    "/usr/lib/$python"
