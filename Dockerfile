# swarmgrad in a container: coordinator, worker and all other commands.
#
#   docker build -t swarmgrad .
#
# Besides the base image, the build needs npm's registry and nothing else. It needs no BuildKit.
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Scripts of packages would compile or download what is not needed; our own, which builds, comes below.
RUN npm ci --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY . .
RUN npm run build
# What Node never opens: packages for development, bundles for browsers (ours are in dist/browser), source
# maps, other systems' libraries.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/.cache dist/.tsbuildinfo \
  && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.md' \) -delete \
  && find node_modules/@tensorflow/*/dist -type f ! -name '*.node.js' -delete \
  && find node_modules/onnxruntime-web/dist -type f ! -name 'ort.node*' ! -name 'ort-wasm-simd-threaded.[mw]*' -delete \
  && find node_modules/onnxruntime-node/bin -type f ! -path "*/linux/$(node -p process.arch)/*" -delete \
  && find node_modules -type d -empty -delete

FROM ${NODE_IMAGE}
ENV NODE_ENV=production XDG_CACHE_HOME=/cache
# The only folders that are written to; volumes that are mounted there begin with their owner.
RUN mkdir /runs /cache /tokens && chown node:node /runs /cache /tokens \
  && ln -s /app/dist/cli/swarmgrad.js /usr/local/bin/swarmgrad
COPY --from=build /app/package.json /app/LICENSE /app/
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
WORKDIR /runs
USER node
EXPOSE 8790
# No shell between: SIGTERM arrives, and a stopped coordinator writes its checkpoint.
ENTRYPOINT ["swarmgrad"]
