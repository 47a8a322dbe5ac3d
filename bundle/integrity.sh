# Is the bundle whole, and is it the publisher's? install.sh reads this file before it loads anything.
#
# The signature is over SHA256SUMS, which has the sum of every other file; so it is looked at first.
# Where there is a key, an unsigned bundle is refused; where there is none, it says what that means.
# Uses install.sh's `here`, `to`, `key`, `say` and `fail`; sets `checked_with`.

SIGNED_FOR=ocr_docker # the namespace of the publisher's signatures

check_sums() {
    say "Checking the bundle."
    if ! bad=$(cd "$here" && sha256sum -c SHA256SUMS 2>/dev/null); then
        bad=$(printf '%s\n' "$bad" | sed -n 's/: FAILED.*//p' | tr '\n' ' ')
        fail 2 "The bundle is damaged (${bad:-SHA256SUMS }is wrong). Nothing was changed. Copy it again and unpack it anew."
    fi
    listed=$(sed 's/^[0-9a-f]*  //' "$here/SHA256SUMS")
    # Sums of half a bundle would be right, too: whatever is loaded, run or copied must have one.
    for file in "$here"/*.sh "$here"/*.py "$here"/*.yml "$here/images.tar" "$here/VERSION" "$here/ARCHITECTURE"; do
        is_listed "${file#"$here"/}" || fail 2 "The bundle is damaged (SHA256SUMS lacks ${file#"$here"/}). Nothing was changed. Copy it again and unpack it anew."
    done
    # These two are copied whole, so nothing may lie in them that was not made with the bundle.
    added=$(cd "$here" && find models verify ! -type d | while IFS= read -r file; do
        is_listed "$file" || printf '%s ' "$file"
    done)
    [ -z "$added" ] || fail 2 "This does not belong to the bundle: ${added% }. Nothing was changed. Unpack it anew."
}

is_listed() { # file: whether SHA256SUMS has it
    printf '%s\n' "$listed" | grep -Fqx -e "$1"
}

publisher_key() { # the key given; else the installation's; else one that lies beside the bundle
    beside=$(dirname "$here")
    for file in "$key" "$to/releases/key" "$beside/ocr_docker.pub" "$beside/allowed_signers"; do
        if [ -n "$file" ] && [ -f "$file" ]; then
            printf '%s' "$file"
            return
        fi
    done
}

signers_in() { # key file: its lines as ssh-keygen wants them, each with a name
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            '' | '#'*) ;;
            ssh-* | ecdsa-* | sk-*) printf 'publisher %s\n' "$line" ;;
            *) printf '%s\n' "$line" ;;
        esac
    done <"$1"
}

check_signature() {
    checked_with=$(publisher_key)
    signature=$here/SHA256SUMS.sig
    if [ -z "$checked_with" ] && [ ! -f "$signature" ]; then
        say "This bundle is not signed: its sums are checked, not who made it."
        return
    fi
    if [ ! -f "$signature" ]; then
        fail 2 "This bundle is not signed, but $checked_with asks for it. Nothing was changed. Get the signed bundle from its publisher."
    fi
    if ! command -v ssh-keygen >/dev/null; then
        [ -z "$checked_with" ] || fail 3 "ssh-keygen is missing, so the signature cannot be checked. Install the package openssh-client."
        say "This bundle is signed, but nobody checked it: ssh-keygen is missing."
        return
    fi
    if [ -z "$checked_with" ]; then
        signed=$(ssh-keygen -Y check-novalidate -n "$SIGNED_FOR" -s "$signature" <"$here/SHA256SUMS" 2>&1) ||
            fail 2 "The signature is not of this bundle. Nothing was changed. Get it from its publisher again."
        say "This bundle is signed with the key $(printf '%s' "$signed" | sed -n 's/.*\(SHA256:[^ ]*\).*/\1/p'). Whose that is was not checked: give the publisher's public key with --key."
        return
    fi
    signers=$(mktemp)
    signers_in "$checked_with" >"$signers"
    if who=$(ssh-keygen -Y find-principals -s "$signature" -f "$signers" 2>/dev/null) &&
        ssh-keygen -Y verify -f "$signers" -I "$(printf '%s' "$who" | head -n 1)" -n "$SIGNED_FOR" \
            -s "$signature" <"$here/SHA256SUMS" >/dev/null 2>&1; then
        rm -f "$signers"
        say "Signed by the key in $checked_with."
    else
        rm -f "$signers"
        fail 2 "This bundle is not signed by the key in $checked_with. Nothing was changed. Get it from its publisher again; a new key is named with --key."
    fi
}

keep_key() { # later bundles must be signed with it, too
    if [ -n "$checked_with" ] && [ "$checked_with" != "$to/releases/key" ]; then
        cp "$checked_with" "$to/releases/key.new"
        mv "$to/releases/key.new" "$to/releases/key"
    fi
}
