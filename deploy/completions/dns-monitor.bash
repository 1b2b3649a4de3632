# bash completion for dns-monitor                          -*- shell-script -*-

_dns_monitor_interfaces() {
    local path
    for path in /sys/class/net/*; do echo "${path##*/}"; done
}

# What may follow the option $1 of any command. Fails where it takes no argument.
_dns_monitor_argument() {
    case $1 in
        -d | --directory) compopt -o filenames && COMPREPLY=($(compgen -d -- "$cur")) ;;
        --config) compopt -o filenames && COMPREPLY=($(compgen -f -- "$cur")) ;;
        -w | --write) COMPREPLY=(-) ;;
        -Q | --direction) COMPREPLY=($(compgen -W "in out inout" -- "$cur")) ;;
        --format) COMPREPLY=($(compgen -W "text json" -- "$cur")) ;;
        --hook) COMPREPLY=($(compgen -W "socket tcx auto" -- "$cur")) ;;
        --compress) COMPREPLY=($(compgen -W "zstd none" -- "$cur")) ;;
        --seal) COMPREPLY=($(compgen -W "sha256" -- "$cur")) ;;
        -z | --on-finished) COMPREPLY=($(compgen -c -- "$cur")) ;;
        --user) COMPREPLY=($(compgen -u -- "$cur")) ;;
        --group) COMPREPLY=($(compgen -g -- "$cur")) ;;
        --interface) COMPREPLY=($(compgen -W "$(_dns_monitor_interfaces)" -- "$cur")) ;;
        --rotate | --max-age | --flush | --duration) ;;
        --rotate-size | --max-size | --min-free | --ring-size | --ring-memory) ;;
        --mode | --port | --filter | -s | --snaplen | -c | --count | --compress-threads) ;;
        *) return 1 ;;
    esac
    return 0 # though nothing fits
}

# The same, of the commands that ask captures.
_dns_monitor_query_argument() {
    case $1 in
        --format) COMPREPLY=($(compgen -W "table html json ndjson csv xml markdown" -- "$cur")) ;;
        -o | --output) compopt -o filenames && COMPREPLY=($(compgen -f -- "$cur")) ;;
        --interface) COMPREPLY=($(compgen -W "$(_dns_monitor_interfaces)" -- "$cur")) ;;
        -s | --select | --since | --until | --port | --threads | --memory | --limit) ;;
        *) return 1 ;;
    esac
    return 0
}

_dns_monitor() {
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} options
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "capture verify check-config interfaces query report sql
            --help --version" -- "$cur"))
        return
    fi
    case $command in
        query | report | sql) _dns_monitor_query_argument "$previous" && return ;;
        *) _dns_monitor_argument "$previous" && return ;;
    esac
    local input="--since --until --interface --port --skip-unreadable --threads --memory
        --no-idle"
    case $command in
        query)
            options="$input --select --format --json --csv --table --xml --limit --rfc1035
                --output --help"
            ;;
        report) options="$input --list --sql --format --output --help" ;;
        sql) options="$input --help" ;;
        capture)
            options="--directory --write --rotate --utc --rotate-size --mode --group
                --compress --compress-threads --on-finished --seal --nanosecond
                --max-age --max-size --min-free
                --port --filter --direction --no-promiscuous-mode --no-icmp-errors --snaplen
                --hook --ring-size --ring-memory --flush --user --no-sandbox
                --wait --count --duration --config --help"
            ;;
        verify) options="--deep --interface --format --help" ;;
        check-config | interfaces) options="--help" ;;
        *) return ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$cur"))
    elif [[ $command == capture ]]; then
        COMPREPLY=($(compgen -W "$(_dns_monitor_interfaces)" -- "$cur"))
    elif [[ $command != interfaces ]]; then
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$cur"))
    fi
}

complete -F _dns_monitor dns-monitor
