"""What a newcomer does first: the README's curl, the health and metrics pages, a restart."""
import base64
import json
import pathlib

from mira import Mira, running

ROOT = pathlib.Path(__file__).parents[2]
BODY = b'{"workflow_type":"project_initialization","data":{"name":"Apollo"}}'


def test_default_configuration_takes_the_first_webhook_and_keeps_it():
    mira = Mira()
    try:
        mira.config_file.write_text((ROOT / "conf/mira.json").read_text())
        mira.start("--port", "0")
        status, headers, body = mira.post("/webhook/n8n", BODY, {"Content-Type": "application/json"})
        answer = json.loads(body)
        assert status == 202
        assert answer["status"] == "accepted" and answer["service"] == "n8n"
        assert headers["Mira-Durability"] == "fsync"

        health = json.loads(mira.get("/health")[2])
        assert health["status"] == "healthy" and health["service"] == "mira-webhook"
        assert health["metrics"]["successful_requests"] == 1
        assert json.loads(mira.get("/metrics", {"Accept": "application/json"})[2])["total_requests"] == 1
        text = mira.get("/metrics")[2].decode()
        assert 'mira_webhooks_total{tenant="default",source="n8n",outcome="accepted"} 1' in text

        assert mira.stop() == 0
        mira.start("--port", "0")
        events = mira.dump()
        assert [e["id"] for e in events] == [answer["id"]]
        assert base64.b64decode(events[0]["body_base64"]) == BODY
        assert events[0]["tenant"] == "default" and events[0]["source"] == "n8n"
    finally:
        mira.close()


def test_sources_without_a_secret_refuse_everything():
    with running() as mira:
        status, _, body = mira.post("/webhook/github", BODY)
        assert (status, json.loads(body)["error"]) == (401, "missing_signature")
        status, _, body = mira.post("/webhook/github", BODY, {"X-Hub-Signature-256": "sha256=" + "0" * 64})
        assert (status, json.loads(body)["error"]) == (403, "invalid_signature")
        assert mira.dump() == []
