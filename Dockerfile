# Compiles sqlite3 where no prebuilt binary fits, hence the image with a C++ toolchain.
FROM node:22.20.0-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts ./scripts
COPY patches ./patches
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY schemas ./schemas
COPY src ./src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:22.20.0-bookworm-slim
# Huge pages for the counters, where the kernel gives them on request: fewer misses of the address cache. Arrays of 1 MiB and
# more go back to the system when they were outgrown; memory of a step, up to 32 MiB, is kept for the next; one heap of glibc for
# all threads (docs/OPERATIONS.md).
ENV NODE_ENV=production COROLLARY_DATA=/data GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1048576:glibc.malloc.trim_threshold=33554432:glibc.malloc.arena_max=1
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/schemas ./schemas
COPY --from=build /app/dist ./dist
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run"]
