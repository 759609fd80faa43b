#!/usr/bin/env bash
# A cluster in one go: deploy its contract, set it up, give seats, and say what its nodes need.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy-cluster.sh SETTINGS [WALLET[:INSTANCE]...] [OPTION...]

Runs devproof cluster deploy SETTINGS, then config with what is given of --max-nodes, --network,
--price and --sale, then mint for each WALLET, with the INSTANCE that shall sit there if it is known
already. The last lines are what the nodes need in their environment; all else is on standard error.
What is there already is left as it is, so after a failure the same command goes on.

  --max-nodes N, --network tls|wireguard|both, --price WEI, --sale open|closed   as for config
  --contracts DIR, --deployments DIR, --as LABEL, --no-build                     as for deploy
  --rpc URL        the node (RPC_URL; of several the first)
  --key-file FILE  private key of who deploys; of the owner, where there is something to set or give
                   (else DEPLOYER_KEY)
  --help

  DEVPROOF   the program devproof (that of PATH)
TEXT
}

devproof=${DEVPROOF:-devproof}
words=() deploy=() config=() common=()

die() {
  printf 'deploy-cluster.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

while [ $# -gt 0 ]; do
  case $1 in
    --help)
      usage
      exit 0
      ;;
    --no-build) deploy+=("$1") ;;
    --*)
      [ $# -ge 2 ] || die "$1 wants a value." 2
      case $1 in
        --max-nodes | --network | --price | --sale) config+=("$1" "$2") ;;
        --contracts | --deployments | --as) deploy+=("$1" "$2") ;;
        --key-file) common+=("$1" "$2") ;;
        --rpc) export RPC_URL=$2 ;;
        *) die "there is no option $1; --help lists them." 2 ;;
      esac
      shift
      ;;
    *) words+=("$1") ;;
  esac
  shift
done
[ ${#words[@]} -ge 1 ] || {
  usage >&2
  exit 2
}
[ -n "${RPC_URL:-}" ] || die 'name a node by --rpc URL or RPC_URL.' 2

deployed=$("$devproof" cluster deploy "${words[0]}" "${deploy[@]}" "${common[@]}" --json)
printf '%s\n' "$deployed" >&2
# The contract's own: in what it was given there is no member of this name.
CLUSTER_CONTRACT=$(sed -n 's/.*"address":"\(0x[0-9a-fA-F]\{40\}\)".*/\1/p' <<<"$deployed")
[ -n "$CLUSTER_CONTRACT" ] || die 'devproof cluster deploy names no address.'
export CLUSTER_CONTRACT

[ ${#config[@]} -eq 0 ] || "$devproof" cluster config "${config[@]}" "${common[@]}" >&2
for word in "${words[@]:1}"; do
  instance=()
  [[ $word != *:* ]] || instance=(--instance "${word#*:}")
  "$devproof" cluster mint --to "${word%%:*}" "${instance[@]}" "${common[@]}" >&2
done
printf 'CLUSTER_CONTRACT=%s\nRPC_URL=%s\n' "$CLUSTER_CONTRACT" "$RPC_URL"
