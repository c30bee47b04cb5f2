# Two stages: the first installs, the second runs as a user without rights. Every package is checked by its hash.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/govern
COPY requirements.lock ./
RUN /opt/govern/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY admin admin
COPY policies policies
COPY migrations migrations
RUN /opt/govern/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin govern \
    && install -d -o govern -g govern -m 0700 /data /log/private \
    && install -d -o govern -g govern -m 0755 /log /log/public
COPY --from=build /opt/govern /opt/govern
ENV PATH=/opt/govern/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GOVERN_ENV=production \
    GOVERN_DATA_DIR=/data
WORKDIR /data
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["govern"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
