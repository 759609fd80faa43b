# shellcheck shell=bash disable=SC2154
# Writes nginx's configuration into RUN_DIR, at the start and at a reload; devproof-serve reads this
# file and sets what is used here.

# fill FILE [NAME VALUE]...: the file, in which @NAME@ becomes the value.
fill() {
  local text
  IFS= read -r -d '' text <"$1" || true
  shift
  while [ $# -gt 0 ]; do
    text=${text//"@$1@"/"$2"}
    shift 2
  done
  printf '%s' "$text"
}

# upstream NAME LINE...
upstream() {
  printf 'upstream %s {\n' "$1"
  shift
  printf '  %s;\n' "$@"
  printf '}\n'
}

# A program's socket stands twice in its upstream, so that nginx may ask it again. Connections to the busy
# ones are kept; what fails there and may be run twice is asked again in an upstream that keeps none
# (docs/architecture.md).
upstreams() {
  local name server
  for name in $programs; do
    server="server unix:$run_dir/$name.sock max_fails=0"
    case $name in
      sign | keys | verify)
        upstream "$name" "$server" 'keepalive 64'
        upstream "${name}_again" "$server" "$server"
        ;;
      signup) upstream "$name" "$server" 'keepalive 64' ;;
      *) upstream "$name" "$server" "$server" ;;
    esac
  done
}

# 10#: leading zeros are no octal.
limits() {
  local rate=$((10#$rate_limit))
  [ $rate -eq 0 ] || fill "$share_dir/nginx/limits.conf.in" RATE $rate BURST $((2 * rate))
}

# The rows of the map of names that plain HTTP may lead to.
tls_names() {
  local name said=' ' names
  IFS=, read -r -a names <<<"$tls_name"
  for name in "${names[@]}"; do
    # shellcheck disable=SC2016 # for nginx to expand
    [[ $said == *" $name "* ]] || printf '  %s $host;\n' "$name"
    said+="$name "
  done
}

# What listens: nginx/http.conf.in, or nginx/https.conf.in.
server() {
  local file=http at='' rows=''
  [ "$tls_public_port" = 443 ] || at=:$tls_public_port
  if [ -n "$tls_port" ]; then
    file=https
    rows=$(tls_names)
  fi
  fill "$share_dir/nginx/$file.conf.in" RUN_DIR "$run_dir" DATA_DIR "$data_dir" PORT "$port" BIND "$host" \
    HTML_DIR "$share_dir/html" NGINX_DIR "$share_dir/nginx" TLS_PORT "$tls_port" TLS_AT "$at" \
    TLS_NAME "${tls_name%%,*}" TLS_NAMES "$rows"
}

write_nginx() {
  local user_line='' files name
  files=$(ulimit -Hn)
  if [ "$files" = unlimited ] || [ "$files" -gt 12288 ]; then files=12288; fi
  [ $EUID -ne 0 ] || user_line='user root;'
  upstreams >"$run_dir/upstreams.conf"
  limits >"$run_dir/limits.conf"
  for name in again error_pages fastcgi headers; do
    fill "$share_dir/nginx/$name.conf" >"$run_dir/$name.conf"
  done
  server >"$run_dir/server.conf"
  fill "$share_dir/nginx/nginx.conf.in" USER_LINE "$user_line" RUN_DIR "$run_dir" FILES "$files" >"$run_dir/nginx.conf"
  # For devproof tls: the routes that are in force, with another certificate, if nginx takes it.
  printf '#!/bin/sh\n%s -t -q && exec s6-svc -h %s/services/nginx\n' "$nginx_command" "$run_dir" >"$run_dir/reload"
  printf '%s\n' "$share_dir" >"$run_dir/share"
  take_first_routes
}

# copy_routes FOLDER: nginx reads copies, so that one that starts anew takes what was tested, not an
# edit half done. They are the installed files and those of ROUTES_DIR, which replace an installed one
# of the same name.
copy_routes() {
  local file
  for file in "$share_dir/nginx/routes"/*.conf "$routes_dir"/*.conf; do
    [ -r "$file" ] || die "$file cannot be read: mend its permissions."
    fill "$file" DATA_DIR "$data_dir" >"$1/${file##*/}"
  done
}

# What we ship needs no test at the start, which it would slow down; and HTTPS has no key yet.
take_first_routes() {
  local own=("$routes_dir"/*.conf)
  if [ ${#own[@]} -gt 0 ] && [ -z "$tls_port" ]; then
    take_routes
  else
    mkdir "$run_dir/routes.first"
    copy_routes "$run_dir/routes.first"
    ln -s "$run_dir/routes.first" "$run_dir/routes"
  fi
}

# Prints what nginx says where it refuses them.
take_routes() {
  local candidate old
  candidate=$(mktemp -d "$run_dir/routes.XXXXXX")
  copy_routes "$candidate"
  sed "s|$run_dir/routes/|$candidate/|" "$run_dir/server.conf" >"$run_dir/server.new.conf"
  sed "s|$run_dir/server.conf|$run_dir/server.new.conf|" "$run_dir/nginx.conf" >"$run_dir/nginx.new.conf"
  if ! TZ=UTC "$nginx" -t -q -e stderr -p "$run_dir/" -c "$run_dir/nginx.new.conf" 2>"$run_dir/nginx.said"; then
    sed "s|$candidate/|$routes_dir/|g; s/^/  /" "$run_dir/nginx.said" >&2
    rm -r "$candidate"
    return 1
  fi
  old=$(readlink "$run_dir/routes" || true)
  ln -s "$candidate" "$run_dir/routes.link"
  mv -T "$run_dir/routes.link" "$run_dir/routes"
  [ -z "$old" ] || rm -r "$old"
}

# nginx's workers that take connections, sorted: not those that finish what they have begun. Its master
# is asked for anew each time, as s6 may have started another.
nginx_workers() {
  local master pid children
  master=$(s6-svstat -o pid "$run_dir/services/nginx")
  read -r -a children 2>/dev/null <"/proc/$master/task/$master/children" || true # its line has no end
  for pid in "${children[@]}"; do
    grep -qs 'worker process is shutting down' "/proc/$pid/cmdline" || printf '%s\n' "$pid"
  done | sort
}

# Done once workers with the new routes run; those with the old ones finish what they have begun.
reload() {
  local old new tries
  if [ ! -e "$run_dir/nginx.pid" ] || ! s6-svok "$run_dir/services/nginx" 2>/dev/null; then
    die "no devproof runs with RUN_DIR $run_dir: is DATA_DIR or RUN_DIR another there?"
  fi
  exec 7>"$run_dir/reload.lock"
  flock -w 5 7 || die 'another reload is under way.'
  take_routes || return 1
  old=$(nginx_workers)
  s6-svc -h "$run_dir/services/nginx"
  for ((tries = 0; tries < 100; tries++)); do
    new=$(nginx_workers)
    [ -z "$new" ] || [ -n "$(comm -12 <(echo "$old") <(echo "$new"))" ] || return 0
    sleep 0.05
  done
  die 'nginx did not take the new routes within 5 seconds: see its log.'
}
