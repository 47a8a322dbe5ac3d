#!/bin/sh
# What mmdebstrap runs over the extracted packages, before they become vendor/base.tar.
#
#     base_hook.sh ROOT PYTHON UID      e.g. base_hook.sh /tmp/root python3.13 10001
#
# The base has no shell and no package manager. What a maintainer script would have made and the
# services need is made here; what only a shell, Perl or a person would use goes.
set -eu
root=$1 python=$2 uid=$3

# Which packages are inside, in the form that image scanners look for.
mkdir -p "$root/var/lib/dpkg/status.d"
for deb in "$root"/var/cache/apt/archives/*.deb; do
    [ -e "$deb" ] || continue
    dpkg-deb --field "$deb" >"$root/var/lib/dpkg/status.d/$(dpkg-deb --field "$deb" Package)"
done
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
    usr/share/perl5 usr/share/pixmaps usr/share/readline usr/include usr/games \
    usr/bin/debconf* usr/bin/getconf usr/bin/iconv usr/bin/ldd usr/bin/locale* usr/bin/mawk \
    usr/bin/pldd usr/bin/tzselect usr/bin/zdump usr/sbin/dpkg-* usr/sbin/iconvconfig usr/sbin/zic \
    etc/debconf.conf etc/skel etc/update-motd.d boot home srv

# What only programs in C convert with; Python brings its own codecs.
rm -r usr/lib/*-linux-gnu/gconv
# Vectorised mathematics for programs that were compiled for it: no wheel links it.
rm -f usr/lib/*-linux-gnu/libmvec.so.1
# Terminals, Berkeley databases and OpenSSL's old ciphers, with the modules that link them.
rm usr/lib/*-linux-gnu/libreadline.so.8* usr/lib/*-linux-gnu/libhistory.so.8* \
    usr/lib/*-linux-gnu/libncursesw.so.6* usr/lib/*-linux-gnu/libpanelw.so.6* \
    usr/lib/*-linux-gnu/libformw.so.6* usr/lib/*-linux-gnu/libmenuw.so.6* \
    usr/lib/*-linux-gnu/libtinfo.so.6* usr/lib/*-linux-gnu/libtic.so.6* \
    usr/lib/*-linux-gnu/libdb-5.3.so usr/lib/*-linux-gnu/libexpatw.so.1* \
    usr/lib/*-linux-gnu/ossl-modules/legacy.so
for gone in debconf libdb5.3t64 libncursesw6 libreadline8t64 libtinfo6 mawk \
    openssl-provider-legacy readline-common; do
    rm "var/lib/dpkg/status.d/$gone"
    rm -rf "usr/share/doc/$gone"
done
cd "usr/lib/$python"
rm lib-dynload/readline.* lib-dynload/_curses*.so lib-dynload/_dbm.*
# Tests, the interactive interpreter, and what looks up, debugs or speaks to mail and file servers.
rm -r test lib-dynload/_test* lib-dynload/_xxtestfuzz* lib-dynload/_ctypes_test* \
    lib-dynload/xxlimited* pydoc_data turtle.py pydoc.py doctest.py pdb.py _pyrepl curses dbm \
    mailbox.py smtplib.py imaplib.py ftplib.py poplib.py unittest/mock.py \
    _pydecimal.py _pyio.py _pydatetime.py
cd "$root"
mkdir data image_folder
chown "$uid:$uid" data # a new volume that is mounted there takes its owner (Docker Desktop)

# Byte code of the standard library. "unchecked": nothing in a read-only image ever changes, and
# times of files would make each build another one.
chroot "$root" "/usr/bin/$python" -m compileall -q --invalidation-mode unchecked-hash \
    "/usr/lib/$python"
