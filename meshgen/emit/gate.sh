# Asks the mesh for what the plan says that this cluster calls: sh gate.sh FILE SECONDS
# FILE: `at CLUSTER ADDRESS ...` says where gateways are, `ask http|tcp HOST PORT CLUSTER,...` who may answer.
set -u
calls=$1
end=$(($(date +%s) + $2))
# Without native sidecars the pod would run for as long as its proxy.
trap 'curl -s -m 5 -o /dev/null -X POST http://127.0.0.1:15020/quitquitquit' EXIT

# Address, requests and connections of every endpoint that the sidecar knows.
used() {
  curl -s -m 30 http://127.0.0.1:15000/clusters | awk '
    /^outbound/ && match($0, /::(rq_total|cx_total|cx_connect_fail)::[0-9]+$/) {
      split(substr($0, RSTART + 2), stat, "::")
      at = substr($0, 1, RSTART - 1)
      at = substr(at, index(at, "::") + 2)
      sub(/:[0-9]+$/, "", at)
      gsub(/[][]/, "", at)
      if (stat[1] == "rq_total") requests[at] += stat[2]
      else connections[at] += stat[1] == "cx_total" ? stat[2] : -stat[2]
    }
    END { for (at in connections) print at, requests[at] + 0, connections[at] + 0 }'
}

# Clusters whose endpoints were used between two of these; `own`: an address of no gateway.
answered() {
  { grep '^at ' "$calls"; echo "$2" | sed 's/^/- /'; echo "$3" | sed 's/^/+ /'; } | awk -v how="$1" '
    $1 == "at" { for (i = 3; i <= NF; i++) name[$i] = $2 }
    $1 == "-" { before[$2] = how == "http" ? $3 : $4 }
    $1 == "+" && NF == 4 && (how == "http" ? $3 : $4) > before[$2] + 0 { print $2 in name ? name[$2] : "own" }' | sort -u
}

# Sets `said`; succeeds where somebody answered, and nobody else than who may.
ask() {
  before=$(used)
  if [ "$1" = http ]; then
    head=$(curl -s -m 10 -I -w '\nstatus %{http_code}\n' "http://$2:$3/")
    said=$(echo "$head" | sed -n 's/^status //p')
    case $said in
      000 | 502 | 503 | 504)
        # A status of the application has passed a proxy that adds this header, one of the proxy itself has not.
        echo "$head" | grep -qi '^x-envoy-upstream-service-time:' || { said="no answer ($said)"; return 1; }
        ;;
    esac
  else
    curl -s -m 3 -o /dev/null "telnet://$2:$3" </dev/null
  fi
  who=$(answered "$1" "$before" "$(used)")
  [ -n "$who" ] || { said="no answer"; return 1; }
  said="answered by $(echo $who)"
  for cluster in $who; do
    case ",$4," in *",$cluster,"*) ;; *) said="$said, not by $4"; return 1 ;; esac
  done
}

until curl -fs -m 2 -o /dev/null http://127.0.0.1:15021/healthz/ready; do
  [ "$(date +%s)" -lt "$end" ] || { echo "the sidecar is not ready"; exit 1; }
  sleep 1
done
pending=$(grep '^ask ' "$calls")
while :; do
  left= failures=
  while read -r _ how host port who; do
    [ -n "$how" ] || continue
    if ask "$how" "$host" "$port" "$who" </dev/null; then
      echo "$host:$port $said"
    else
      left="$left
ask $how $host $port $who"
      failures="$failures
$host:$port $said"
    fi
  done <<END
$pending
END
  pending=$left
  [ -n "$pending" ] || exit 0
  [ "$(date +%s)" -lt "$end" ] || { echo "$failures"; exit 1; }
  sleep 2
done
