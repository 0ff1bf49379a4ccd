# syntax=docker/dockerfile:1
# Escuta in one small image: the program, time zones and nothing to log in to.
# It expects PostgreSQL and Redis elsewhere: see docker-compose.yml.

FROM node:22-bookworm-slim AS frontend
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM golang:1.26-bookworm AS program
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=frontend /src/frontend/dist/ frontend/dist/
ARG RELEASE=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=${RELEASE}" -o /out/escuta ./cmd/escuta \
 && mkdir -p /out/data /out/tmp

# Nothing but the program: time zones are inside it, and certificates come along
# for the connections it opens itself.
FROM scratch
COPY --from=program /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=program /out/escuta /usr/local/bin/escuta
# A new volume takes over the owner of the folder that it covers. Large uploads
# pass through /tmp.
COPY --from=program --chown=65532:65532 /out/data /var/lib/escuta
COPY --from=program --chown=65532:65532 /out/tmp /tmp
ENV ESCUTA_DATA_DIR=/var/lib/escuta ESCUTA_LOG_FORMAT=json
VOLUME /var/lib/escuta
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/usr/local/bin/escuta", "ping"]
ENTRYPOINT ["/usr/local/bin/escuta"]
CMD ["serve"]
