# The worker and server image. `make image` fills build/wheelhouse from requirements.lock and builds this:
# the build itself reaches no network, so it is the same behind any proxy or mirror.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS install
COPY build/wheelhouse /wheelhouse
# A bare Debian has Python without pip: a wheel of pip is a program too.
RUN python3 -m venv --without-pip /opt/backout \
    && python3 "$(ls /wheelhouse/pip-*.whl)/pip" --python /opt/backout/bin/python \
        install --quiet --no-index --find-links /wheelhouse --no-compile backout

FROM ${BASE}
COPY --from=install /opt/backout /opt/backout
RUN useradd --uid 10001 --create-home backout \
    && install -d -o backout -g backout -m 0700 /var/lib/backout
ENV PATH=/opt/backout/bin:$PATH \
    BACKOUT_HOME=/var/lib/backout \
    PYTHONUNBUFFERED=1
VOLUME /var/lib/backout
USER backout
WORKDIR /home/backout
ENTRYPOINT ["backout"]
CMD ["--help"]
