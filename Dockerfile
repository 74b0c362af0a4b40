# The orchestrator. Node 22 is the last line with images for arm/v7, which many balena devices need.
FROM node:22-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Optional packages are native speed-ups and a Node.js for development; none is needed here.
RUN npm ci --omit=optional --ignore-scripts --no-audit --no-fund
COPY tsconfig*.json ./
COPY src ./src
# The scripts that run on devices go beside the code that sends them, as scripts/build does it.
RUN node_modules/.bin/tsc -p tsconfig.build.json \
 && (cd src && find . \( -name '*.sh' -o -name '*.py' \) -exec install -D -m 0644 {} ../dist/{} ';') \
 && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:22-trixie-slim
# ssh-keygen signs the certificates for the collector.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates openssh-client \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*
WORKDIR /app
COPY package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY bin ./bin
# A new volume gets the owner and the mode of the folder that it is mounted on. A checkout may be its owner's alone.
RUN chmod -R a+rX bin package.json && install -d -o node -g node -m 0700 /data && install -d -o node -g node /keys
ENV NODE_ENV=production PATH=/app/bin:$PATH STATE_DIR=/data KEYS_DIR=/keys HEARTBEAT=/dev/shm/balena-backup.alive
VOLUME ["/data", "/keys"]
USER node
HEALTHCHECK --interval=30s --timeout=10s --start-period=1m CMD ["healthy"]
ENTRYPOINT ["balena-backup"]
CMD ["run"]
