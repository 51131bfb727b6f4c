# The image of lastcall: Node, the compiled program, its production dependencies, and nothing else; no shell.
#
#   docker build -t lastcall .
#
# It runs as an unprivileged user (by number), with a read-only root file system, and needs no volume.

ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim
ARG RUN_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json LICENSE ./
# The versions of the lock file. (Not `npm ci`, which refuses a lock file that lacks the optional binaries of platforms
# other than the one where it was written, as ours of the development tools does.)
RUN npm install --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
# The tools (inject, check, rehearse) and their dependencies are not needed in the pod, so the image does not contain them.
RUN npm run build && npm prune --omit=dev --no-audit --no-fund && rm -r dist/tools dist/kubectl.js node_modules/yaml

FROM ${RUN_IMAGE}
WORKDIR /app
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
USER 65532:65532
EXPOSE 8080 9099
# Node's permission model: reads its own files, what /proc tells of itself and the memory limit of its cgroup, writes one
# file, starts no process, no thread, no addon and no WASI. (Node 24 has no switch for the network; where it has one, add
# --allow-net.)
ENTRYPOINT ["/nodejs/bin/node", "--permission", \
  "--allow-fs-read=/app/", "--allow-fs-read=/proc/self/", "--allow-fs-read=/sys/fs/cgroup/", \
  "--allow-fs-read=/dev/termination-log", \
  "--allow-fs-write=/dev/termination-log", \
  "/app/dist/cli.js"]
