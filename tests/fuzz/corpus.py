#!/usr/bin/env python3
"""Writes the seeds of the signature targets into corpus/: small requests, most of them genuine, as signature_input.hpp reads them."""
import base64
import hashlib
import hmac
import json
import pathlib

KEY = b"first-shared-key-of-24-by"
NOW = "1700000000"
BODY = '{"id":"evt_1","type":"thing.made"}'
HERE = pathlib.Path(__file__).parent / "corpus"


def mac(text, digest="sha256"):
    return hmac.new(KEY, text.encode(), digest).digest()


def b64(raw):
    return base64.b64encode(raw).decode()


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def request(headers="", body=BODY, query=""):
    return f"{query}\n{headers}\n\n{body}" if headers else f"{query}\n\n{body}"


def write(target, **seeds):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in seeds.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def token(payload, header=None):
    text = b64url(json.dumps(header or {"alg": "HS256", "kid": "k"}).encode()) + "." + b64url(payload.encode())
    return text + "." + b64url(mac(text))


def main():
    write("signature_prefixed_fuzz",
          github=request(f"X-Hub-Signature-256: sha256={mac(BODY).hex()}\nX-GitHub-Delivery: d"),
          shopify=request(f"X-Shopify-Hmac-SHA256: {b64(mac(BODY))}"),
          slack=request(f"X-Slack-Signature: v0={mac(f'v0:{NOW}:{BODY}').hex()}\nX-Slack-Request-Timestamp: {NOW}"),
          hubspot=request(f"X-HubSpot-Signature-v3: {b64(mac('POSThttps://hooks.example.com/webhook/acme/in' + BODY + NOW + '000'))}\n"
                          f"X-HubSpot-Request-Timestamp: {NOW}000"),
          twitch=request("Twitch-Eventsub-Message-Id: m\nTwitch-Eventsub-Message-Timestamp: 2023-11-14T22:13:20.5Z\n"
                         f"Twitch-Eventsub-Message-Signature: sha256={mac('m2023-11-14T22:13:20.5Z' + BODY).hex()}"),
          solidgate=request(f"merchant: m\nsignature: {b64(mac('m' + BODY + 'm', 'sha512').hex().encode())}"),
          stale=request(f"X-Slack-Signature: v0={'0' * 64}\nX-Slack-Request-Timestamp: 1600000000"),
          token=request(f"X-Gitlab-Token: {KEY.decode()}"), basic=request("Authorization: Basic dXNlcjpwYXNzd29yZA=="),
          doubled=request("X-Signature: 00\nX-Signature: 00"), empty=request())
    write("signature_pairs_fuzz",
          stripe=request(f"Stripe-Signature: t={NOW},v1={mac(f'{NOW}.{BODY}').hex()},v0=00"),
          paddle=request(f"Paddle-Signature: ts={NOW};h1={mac(f'{NOW}:{BODY}').hex()}"),
          persona=request(f"Persona-Signature: t={NOW},v1={'0' * 64} t={NOW},v1={mac(f'{NOW}.{BODY}').hex()}"),
          hook0=request(f"X-Hook0-Signature: t={NOW},h=x-a x-b,v1={mac(f'{NOW}.x-a x-b.1.2.{BODY}').hex()}\nX-A: 1\nX-B: 2"),
          sanity=request(f"sanity-webhook-signature: t={NOW}000,v1={b64url(mac(f'{NOW}000.{BODY}'))}"),
          alipay=request("Signature: algorithm=RSA256,keyVersion=1,signature=AAAA%2B%3D%3D\nClient-Id: c\nRequest-Time: 2023-11-14T22:13:20Z"),
          junk=request("Stripe-Signature: ,=,t=,v1=,,t=1,"))
    write("signature_list_fuzz",
          standard=request(f"webhook-id: m\nwebhook-timestamp: {NOW}\nwebhook-signature: v1a,AA== v1,{b64(mac(f'm.{NOW}.{BODY}'))} v2,x"),
          svix=request(f"svix-id: m\nsvix-timestamp: {NOW}\nsvix-signature: v1,{b64(mac(f'm.{NOW}.{BODY}'))}"),
          revolut=request(f"Revolut-Signature: v1={mac(f'v1.{NOW}000.{BODY}').hex()}, v1={'0' * 64}\nRevolut-Request-Timestamp: {NOW}000"),
          synctera=request(f"Synctera-Signature: {'0' * 64}.{mac(f'{NOW}.{BODY}').hex()}\nRequest-Timestamp: {NOW}"),
          docusign=request(f"X-DocuSign-Signature-1: {b64(b'x' * 32)}\nX-DocuSign-Signature-2: {b64(mac(BODY))}"),
          dotted=request(f"webhook-id: m.1\nwebhook-timestamp: {NOW}\nwebhook-signature: v1,{b64(b'x' * 32)}"))
    adyen = {"pspReference": "p", "merchantAccountCode": "a", "merchantReference": "r", "amount": {"value": 1, "currency": "EUR"},
             "eventCode": "E", "success": "true", "additionalData": {"hmacSignature": b64(mac("p::a:r:1:EUR:E:true"))}}
    # Null counts as nothing, and absent is not allowed.
    paymob = dict.fromkeys(["created_at", "error_occured", "has_parent_transaction", "id", "integration_id", "is_3d_secure", "is_auth", "is_capture",
                            "is_refunded", "is_standalone_payment", "is_voided", "pending", "success"])
    paymob |= {"amount_cents": 1, "currency": "EGP", "is_voided": True, "order": {"id": 9}, "owner": 10,
               "source_data": {"pan": None, "sub_type": None, "type": "card"}}
    write("signature_fields_fuzz",
          adyen=request("A: b", json.dumps({"notificationItems": [{"NotificationRequestItem": adyen}]})),
          exact=request("A: b", '{"Content":{"a": 1},"HashCode":"%s"}' % mac('{"a": 1}').hex().upper()),
          mailgun=request("A: b", '{"signature":{"timestamp":"%s","token":"t","signature":"%s"}}' % (NOW, mac(NOW + "t").hex())),
          treezor=request("A: b", '{"object_payload":{"u":"/"},"object_payload_signature":"%s"}' % b64(mac('{"u":"\\/"}'))),
          paymob=request("A: b", json.dumps({"obj": paymob}), "hmac=" + mac("1EGPtrue910card", "sha512").hex()),
          favro=request("X-Favro-Webhook: " + b64(mac("phttps://hooks.example.com/webhook/acme/in", "sha1")), '{"payloadId":"p"}'),
          sns=request("A: b", '{"Type":"Notification","MessageId":"i","TopicArn":"option","Message":"m","Timestamp":"2023-11-14T22:13:20Z",'
                      '"SignatureVersion":"2","Signature":"AAAA","SigningCertURL":"https://sns.us-east-1.amazonaws.com/x.pem"}'),
          ebay=request("x-ebay-signature: " + b64(b'{"kid":"k","signature":"AAAA"}')),
          graph=request("A: b", '{"value":[{"clientState":"%s"}]}' % KEY.decode()),
          meraki=request("A: b", '{"sharedSecret":"%s"}' % KEY.decode()),
          salesforce=request("A: b", "<?xml version='1.0'?><a:b xmlns:a='u'><OrganizationId>%s</OrganizationId></a:b>" % KEY.decode()),
          url=request("A: b", "id=1", "token=" + KEY.decode()), usps=request("X-HMAC: AAAA", '{"timestamp":"t","payload":"{}"}'))
    digest = b64(hashlib.sha256(BODY.encode()).digest())
    write("signature_jwt_fuzz",
          bearer=request("Authorization: Bearer " + token('{"exp":1700000000,"aud":["option"]}')),
          monday=request("Authorization: " + token("{}")), expired=request("Authorization: Bearer " + token('{"exp":1}')),
          fusionauth=request("X-FusionAuth-Signature-JWT: " + token('{"request_body_sha256":"%s"}' % digest)),
          fireblocks=request("Fireblocks-Webhook-Signature: " + b64url(b'{"alg":"RS512"}') + "..AAAA"),
          wix=request("A: b", token("{}", {"alg": "RS256"})), none=request("Authorization: Bearer " + b64url(b'{"alg":"none"}') + ".e30."))
    form = "b=2&A=1&A=0&c=%2B+x"
    url = "https://hooks.example.com/webhook/acme/in"
    write("signature_form_fuzz",
          form=request("Content-Type: application/x-www-form-urlencoded\nX-Twilio-Signature: " + b64(mac(url + "A0A1b2c+ x", "sha1")), form),
          port=request("Content-Type: application/x-www-form-urlencoded\nX-Twilio-Signature: " +
                       b64(mac(url.replace(".com", ".com:443") + "a1", "sha1")), "a=1"),
          json=request("X-Twilio-Signature: " + b64(mac(url, "sha1")), BODY, "bodySHA256=" + hashlib.sha256(BODY.encode()).hexdigest()),
          broken=request("Content-Type: application/x-www-form-urlencoded\nX-Twilio-Signature: AAAA", "a=%&%zz=%4"))
    write("handshake_fuzz",
          slack=request("A: b", '{"type":"url_verification","challenge":"abc"}'), monday=request("A: b", '{"challenge":"abc"}'),
          zoom=request("A: b", '{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}'),
          discord=request("A: b", '{"type":1}'), notion=request("A: b", '{"verification_token":"secret_a"}'),
          twitch=request("Twitch-Eventsub-Message-Type: webhook_callback_verification", '{"challenge":"abc"}'),
          sns=request("A: b", '{"Type":"SubscriptionConfirmation","SubscribeURL":"https://sns.us-east-1.amazonaws.com/?a"}'),
          hook=request("X-Hook-Secret: abc"), okta=request("X-Okta-Verification-Challenge: a\"b"), front=request("X-Front-Challenge: abc"),
          ringcentral=request("Validation-Token: abc"), vercel=request("x-vercel-verify: abc"),
          meta=request(query="hub.mode=subscribe&hub.verify_token=option&hub.challenge=1"),
          query=request(query="challenge=a&challengeCode=b&challenge_code=c&crc_token=d&validationToken=e+f&validationtoken=g&verification_token=option"))
    write("scheme_fuzz",
          example=json.dumps({"algorithm": "hmac-sha256", "header": "X-Sig", "prefix": "sha256=", "encoding": "hex",
                              "message": "{timestamp}.{body}", "timestamp": {"header": "X-Time", "unit": "s"}, "key": "utf8", "id": {"header": "X-Id"}}),
          pairs=json.dumps({"algorithm": "hmac-sha1", "header": "X", "pairs": {"separator": ";", "key": "s"}, "timestamp": {"pair": "t", "unit": "ms"},
                            "message": "{pair:n}{timestamp}{{}}{body}"}),
          plain=json.dumps({"algorithm": "sha256", "query": "s", "message": "{secret}{body}", "ack": {"status": 204}, "retries": "days"}),
          public=json.dumps({"algorithm": "ed25519", "header": "X", "encoding": "base64url", "message": "{header:A}{id}{method}{url}{target}{body_sha256}",
                             "id": {"header": "I"}}),
          listed=json.dumps({"algorithm": "hmac-sha512", "header": "X", "list": {"separator": " "}, "key": "whsec", "type": {"json": "/a/0"}}),
          token=json.dumps({"algorithm": "token", "header": "X"}), wrong='{"algorithm":1,"header":"a b","message":"{x","foo":[]}')
    write("json_search_fuzz", nested='/a/1/b\n{"x":{"a":1},"a":[0,{"b":"yes"}]}', number="/n\n{\"n\":-1.50e3}", escaped='/a~1b/~0\n{"a/b":{"~":"\\u00e9"}}',
          raw='a\n{ "a" : {"u":"a/b"} }', deep="/0/0/0\n" + "[" * 20 + "1" + "]" * 20)
    write("public_key_fuzz", raw="d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
          spki="MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
          pem="-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
          token=token('{"a":1}'), certificate="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")


if __name__ == "__main__":
    main()
