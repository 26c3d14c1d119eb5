# swarmgrad in a container: coordinator, worker and all other commands.
#
#   docker build -t swarmgrad .
#
# Besides the base image, the build needs npm's registry and nothing else. It needs no BuildKit.
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Scripts of packages would compile or download what is not needed; our own, which builds, comes below. Beside all
# packages, as links, those that are needed to run, without what Node never opens: packages for development, bundles
# for browsers (ours are in dist/browser), source maps, other systems' libraries. All in one layer: a later one would
# first copy what it deletes; and it stays as it is when only our sources change.
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && npm cache clean --force \
  && find node_modules -type f -name '*.map' -delete \
  && find node_modules/onnxruntime-node/bin -type f ! -path "*/linux/$(node -p process.arch)/*" -delete \
  && mkdir /production && cp -al package.json package-lock.json .npmrc node_modules /production && cd /production \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name '*.ts' -o -name '*.md' \) -delete \
  && find node_modules/@tensorflow/*/dist -type f ! -name '*.node.js' ! -name '*.wasm' -delete \
  && find node_modules/onnxruntime-web/dist -type f ! -name 'ort.node*' ! -name 'ort-wasm-simd-threaded.[mw]*' -delete \
  && find node_modules -type d -empty -delete
COPY . .
RUN npm run build && rm -r dist/.tsbuildinfo dist/.built

FROM ${NODE_IMAGE}
ENV NODE_ENV=production XDG_CACHE_HOME=/cache
# The only folders that are written to; volumes that are mounted there begin with their owner.
RUN mkdir /runs /cache /tokens && chown node:node /runs /cache /tokens \
  && printf '#!/bin/sh\nexec node --single-threaded-gc /app/dist/cli/swarmgrad.js "$@"\n' > /usr/local/bin/swarmgrad \
  && chmod +x /usr/local/bin/swarmgrad
COPY --from=build /app/package.json /app/LICENSE /app/
COPY --from=build /production/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
WORKDIR /runs
USER node
EXPOSE 8790
# The shell gives way to Node: SIGTERM arrives, and a stopped coordinator writes its checkpoint.
ENTRYPOINT ["swarmgrad"]
