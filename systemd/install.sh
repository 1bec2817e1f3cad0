#!/usr/bin/env bash
# Installs edged as a service on Debian or Raspberry Pi OS, or uninstalls it.  Both can be repeated.
#
#     checkout ──wheel──► $PREFIX/venv, /usr/local/bin/edged, unit, user, /etc/edged ──► edged check ──► started
#
#     sudo make install [PREFIX=/opt/edged] [PYTHON=python3]        sudo make uninstall [PREFIX=/opt/edged]
#
# Without PREFIX both take the folder of the present installation, and /opt/edged where there is none.
# /etc/edged/config.yaml and the password and key beside it are created once and never changed.  Without a running systemd
# (in a chroot, or while an image is built) everything is put in place and enabled, and nothing is started.
set -euo pipefail

action=${1:-}
python=${PYTHON:-python3}
unit=/etc/systemd/system/edged.service
hub_unit=/etc/systemd/system/edged-hub.service
link=/usr/local/bin/edged # on every user's PATH, root's too
completion=/usr/local/share/bash-completion/completions/edged
build='' # temporary folder
cd "$(dirname "$0")/.."
trap 'rm -rf "$build"' EXIT

say() {
    local bold='' end=''
    if [[ -t 2 && ${TERM:-dumb} != dumb && -z ${NO_COLOR:-} ]]; then
        bold=$'\033[1m' end=$'\033[0m'
    fi
    printf '%s\n' "$bold$*$end" >&2
}
fail() {
    printf 'install: %s\n' "$*" >&2
    exit 1
}
# The folder of the present installation, as its units name it; empty if there is none.
installed_prefix() {
    local line
    while read -r line; do
        if [[ $line =~ ^ExecStart=(/.*)/venv/bin/edged\  ]]; then
            echo "${BASH_REMATCH[1]}"
            return
        fi
    done < <(cat "$unit" "$hub_unit" 2>/dev/null)
}
# Whether the sandbox hides folder $1 from the service; whether the unit can name it; whether it is a checkout.
hidden() { [[ $1 =~ ^/(home|root|run/user|tmp|var/tmp)/ ]]; }
plain() { [[ $1 =~ ^(/[A-Za-z0-9._-]+)+/?$ ]]; }
checkout() { [[ -e $1/pyproject.toml ]]; }
usable() { ! checkout "$1" && { [[ $action == uninstall ]] || { plain "$1" && ! hidden "$1"; }; }; }
booted() { [[ -d /run/systemd/system ]]; }
has_library() { ldconfig -p | grep -q "$1"; }

# The Debian packages that are needed and missing.
missing_packages() {
    "$python" -c 'import venv, ensurepip' 2>/dev/null || echo python3 python3-venv
    has_library libportaudio.so.2 || echo libportaudio2
    if [[ $(dpkg --print-architecture 2>/dev/null) == armhf ]]; then # not contained in the wheels for 32 bits
        has_library libsndfile.so.1 || echo libsndfile1
        has_library libopenblas.so.0 || echo libopenblas0-pthread
    fi
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages | tr ' ' '\n')
    ((${#packages[@]})) || return 0
    command -v apt-get >/dev/null || fail "please install first: ${packages[*]}  (or what your system calls them)"
    say "apt-get install ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update || true # old package lists may be enough
    apt-get -qq install --no-install-recommends "${packages[@]}" </dev/null >&2
}

# The program, built from a copy of the sources, so that no file of root is left in the checkout.
install_program() {
    local extras=litert,prometheus wheel
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" --version), expected 3.11 or newer, as in Debian 12 and Raspberry Pi OS of 2023"
    say "program to $prefix/venv"
    if ! "$prefix/venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear "$prefix/venv"
    fi
    [[ $(getconf LONG_BIT) == 64 ]] || extras=prometheus # litert has no wheels for 32 bits
    build=$(mktemp -d)
    mkdir "$build/source"
    cp -r pyproject.toml README.md LICENSE edged "$build/source"
    local pip=("$prefix/venv/bin/python" -m pip --quiet --disable-pip-version-check)
    "${pip[@]}" wheel --no-deps --wheel-dir "$build/wheel" "$build/source"
    wheel=$(echo "$build"/wheel/edged-*.whl)
    "${pip[@]}" install --root-user-action=ignore --force-reinstall --no-deps "$wheel" # even if the version is the same
    "${pip[@]}" install --root-user-action=ignore "$wheel[$extras]"
    install -m 644 README.md CHANGELOG.md LICENSE config.yaml "$prefix"
    rm -rf "$prefix/docs"
    cp -r docs "$prefix/docs"
    chmod -R u=rwX,go=rX "$prefix/docs"
}

# The command on the PATH, and its completion in bash; another program of that name is left alone.
install_command() {
    if [[ (-e $link || -L $link) && $(readlink "$link") != */venv/bin/edged ]]; then
        say "$link exists and is not a link to this program; the command is $program"
    else
        say "command $link"
        install -d -m 755 "$(dirname "$link")"
        ln -sfn "$program" "$link"
    fi
    install -d -m 755 "$(dirname "$completion")"
    "$program" completion bash >"$completion"
    chmod 644 "$completion"
}

uninstall_command() {
    if [[ $(readlink "$link") == "$program" ]]; then rm -f "$link"; fi
    rm -f "$completion"
}

install_user() {
    local nologin
    nologin=$(command -v nologin || echo /usr/sbin/nologin)
    if ! getent passwd edged >/dev/null; then
        say "user edged"
        useradd --system --user-group --home-dir /var/lib/edged --no-create-home --shell "$nologin" edged
    fi
    usermod --append --groups audio edged # who may open /dev/snd
}

install_config() {
    install -d -m 755 /etc/edged
    [[ -e /etc/edged/config.yaml ]] || install -m 644 config.yaml /etc/edged/config.yaml
    local secret
    for secret in mqtt_password mqtt_key; do
        [[ -e /etc/edged/$secret ]] || install -m 600 /dev/null "/etc/edged/$secret"
    done
}

install_unit() {
    local one
    for one in "$unit" "$hub_unit"; do
        say "unit $one"
        sed "s|/opt/edged|$prefix|g" "systemd/${one##*/}" >"$one.new"
        chmod 644 "$one.new"
        mv "$one.new" "$one"
    done
    systemctl enable --quiet edged # the hub needs places first, and is started by hand
}

# Runs a command of edged as the service does, with the config file $1 of /etc/edged: as its user, with its credentials
# and its state directory.
as_service() {
    local config=$1
    shift
    systemd-run --quiet --pipe --wait --collect --property=User=edged --property=RuntimeMaxSec=60 \
        --property=StateDirectory=edged --property=StateDirectoryMode=0700 \
        --property=LoadCredential=mqtt_password:/etc/edged/mqtt_password \
        --property=LoadCredential=mqtt_key:/etc/edged/mqtt_key \
        "$program" "$@" --config "/etc/edged/$config"
}

case $action in
    install | uninstall) ;;
    *)
        echo "install: '$action' is not an action, expected install or uninstall" >&2
        exit 64
        ;;
esac
installed=$(installed_prefix)
prefix=${PREFIX:-$installed}
# A unit written by hand may name a checkout, and one of an earlier version a folder that cannot be used any more.
[[ -n ${PREFIX:-} ]] || usable "$prefix" || prefix=''
prefix=${prefix:-/opt/edged}
program=$prefix/venv/bin/edged
[[ $prefix == /?* ]] || fail "PREFIX is '$prefix', expected an absolute path"
if checkout "$prefix"; then
    fail "PREFIX is '$prefix', which holds the sources, expected a folder for the program, such as /opt/edged"
fi
if [[ $action == install ]]; then # what an earlier version installed elsewhere can still be removed
    plain "$prefix" || fail "PREFIX is '$prefix', expected an absolute path of A-Z a-z 0-9 . _ - and /"
    if hidden "$prefix"; then
        fail "PREFIX is '$prefix', which the service cannot read (its sandbox hides it), expected a path such as /opt/edged"
    fi
fi
[[ $(id -u) == 0 ]] || fail "needs root: sudo make $action"
if [[ -n $installed && ${installed%/} != "${prefix%/}" ]]; then
    say "the program in $installed/venv remains; delete it there if nothing else uses it"
fi

if [[ $action == uninstall ]]; then
    if booted && [[ -e $unit ]]; then
        systemctl disable --quiet --now edged
        # Also without a broker the program is uninstalled.
        { [[ -x $program ]] && as_service config.yaml discovery --remove >/dev/null; } ||
            say "the device is still in Home Assistant; delete it there"
    fi
    if booted && [[ -e $hub_unit ]]; then
        systemctl disable --quiet --now edged-hub
        if [[ -x $program && -e /etc/edged/hub.yaml ]]; then
            as_service hub.yaml discovery --hub --remove >/dev/null ||
                say "the places are still in Home Assistant; delete them there"
        fi
    fi
    uninstall_command
    rm -f "$unit" "$hub_unit" /etc/systemd/system/multi-user.target.wants/edged{,-hub}.service
    rm -rf "$prefix/venv" "$prefix/docs"
    rm -f "$prefix"/{README.md,CHANGELOG.md,LICENSE,config.yaml}
    rmdir --ignore-fail-on-non-empty "$prefix" 2>/dev/null || true
    [[ ! -e $prefix ]] || say "$prefix remains: it has files that are not edged's"
    if booted; then
        systemctl daemon-reload
        systemctl reset-failed edged edged-hub 2>/dev/null || true
    fi
    say "edged is uninstalled; /etc/edged, /var/lib/edged and the user edged remain"
    exit
fi

install_packages
install_program
install_command
install_user
install_config
install_unit
if ! booted; then
    say "edged is installed as $program and starts with the next boot"
    exit
fi
systemctl daemon-reload
systemctl try-restart edged-hub || true
systemctl stop edged
checked=0
as_service config.yaml check || checked=$? # while the service is stopped: many microphones can be opened only once
systemctl reset-failed edged 2>/dev/null || true
if ((checked == 78)); then
    fail "edged is installed as $program but not started: correct /etc/edged/config.yaml, then: sudo systemctl start edged"
fi
systemctl start edged || fail "edged is installed as $program but did not start: journalctl -u edged"
say "edged is installed and runs: systemctl status edged; the command is $program"
((checked == 0)) || say "edged keeps trying what FAIL names above"
