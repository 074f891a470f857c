# The app for many users, behind a reverse proxy that brings TLS; for the login see docs/operations.md.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.lock requirements-test.lock ./
# The second lock pins the driver of PostgreSQL and what the login needs; nothing else is taken from it.
RUN pip install -r requirements.lock && pip install --constraint requirements-test.lock "psycopg[binary]" authlib httpx
COPY . .

# An account that owns nothing but the folder of a SQLite file, for those who use one.
RUN useradd --create-home --uid 10001 matchmaker && install -d -o matchmaker /data
USER matchmaker
ENV MATCHMAKER_DATABASE_URL=sqlite:////data/matchmaker.db MATCHMAKER_LOG=- STREAMLIT_SERVER_ADDRESS=0.0.0.0
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://localhost:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "matchmaker.ui", "run", "app.py", "--server.headless=true"]
