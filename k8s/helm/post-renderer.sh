#!/bin/sh
# Adds lastcall to the manifests that a chart renders, before Helm applies them.
#
#   Helm 3:  helm upgrade --install web ./chart --post-renderer ./post-renderer.sh
#   Helm 4:  helm plugin install ./k8s/helm
#            helm upgrade --install web ./chart --post-renderer lastcall --post-renderer-args --settle=5s
#
# Arguments are passed to lastcall inject. DRAIN_TOKEN is the token of the hooks. inject would generate a new one each time,
# and each upgrade would replace all pods, so without DRAIN_TOKEN the hooks have no token.
set -eu

if [ -n "${DRAIN_TOKEN:-}" ]; then
  set -- --token "$DRAIN_TOKEN" "$@"
else
  set -- --no-token "$@"
fi

# Exit code 3: some workloads were left out, and the reasons are on stderr. With --strict the code is 1.
lastcall inject "$@" || [ $? -eq 3 ]
