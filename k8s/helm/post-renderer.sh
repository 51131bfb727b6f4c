#!/bin/sh
# Puts lastcall into what a chart makes, between helm and the cluster.
#
#   Helm 3:  helm upgrade --install web ./chart --post-renderer ./post-renderer.sh
#   Helm 4:  helm plugin install ./k8s/helm
#            helm upgrade --install web ./chart --post-renderer lastcall --post-renderer-args --settle=5s
#
# Arguments go to lastcall inject. DRAIN_TOKEN is the secret of the hooks. inject would invent one, a new one each time,
# and each upgrade would replace all pods; so without DRAIN_TOKEN there is none.
set -eu

if [ -n "${DRAIN_TOKEN:-}" ]; then
  set -- --token "$DRAIN_TOKEN" "$@"
else
  set -- --no-token "$@"
fi

# 3: the rest is done. What was left out, and why, is on stderr. --strict makes it 1.
lastcall inject "$@" || [ $? -eq 3 ]
