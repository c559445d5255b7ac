"""Providers on loopback: an authority of their own, HTTPS servers that publish keys, and signatures as they make them."""
import base64
import collections
import contextlib
import http.server
import json
import pathlib
import ssl
import subprocess
import threading


def _openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, check=True, capture_output=True).stdout


class Pair:
    """A private key, a certificate that somebody issued for it, and what the key signs."""

    def __init__(self, folder, name, issuer=None, names=(), authority=False, issuer_url=None):
        self.name, self.certificate, self.key = name, folder / f"{name}.pem", folder / f"{name}.key"
        request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
        _openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-out", request, "-keyout", self.key)
        lines = ["basicConstraints=critical,CA:" + ("TRUE" if authority else "FALSE")]
        if names:
            lines.append("subjectAltName=" + ",".join("DNS:" + n for n in names))
        if issuer_url:
            lines.append("authorityInfoAccess=caIssuers;URI:" + issuer_url)
        extensions.write_text("\n".join(lines) + "\n")
        signer = ["-CA", issuer.certificate, "-CAkey", issuer.key, "-CAcreateserial"] if issuer else ["-signkey", self.key]
        _openssl("x509", "-req", "-in", request, "-days", 2, "-extfile", extensions, "-out", self.certificate, *signer)

    @property
    def pem(self):
        return self.certificate.read_bytes()

    @property
    def der(self):
        return _openssl("x509", "-in", self.certificate, "-outform", "DER")

    def sign(self, message, digest="sha256"):
        return _openssl("dgst", "-" + digest, "-sign", self.key, data=message)

    def jwk(self, kid):
        modulus = _openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().split("=")[1]
        return {"kty": "RSA", "use": "sig", "kid": kid, "n": url64(bytes.fromhex(modulus)), "e": "AQAB"}

    def jws(self, kid, claims):
        text = url64(json.dumps({"alg": "RS256", "kid": kid}).encode()) + "." + url64(json.dumps(claims).encode())
        return text + "." + url64(self.sign(text.encode()))


def url64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Site:
    """A server on a free port. pages: what it says to a target, bytes or (status, fields, bytes); hits counts by target."""

    def __init__(self, pair=None):
        self.pages = {}
        self.hits = collections.Counter()
        self.hosts = set()
        self.connections = 0
        self.open = threading.Event()  # while it is not set nothing is answered
        self.open.set()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def setup(self):
                if pair:
                    self.request.do_handshake()
                super().setup()

            def do_GET(self):
                site.hits[self.path] += 1
                site.hosts.add(self.headers["Host"])
                site.open.wait(60)
                page = site.pages.get(self.path, (404, {}, b"no"))
                status, fields, body = page if isinstance(page, tuple) else (200, {}, page)
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in {"Content-Length": len(body), **fields}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                site.connections += 1
                return super().get_request()

            def handle_error(self, *_):  # a peer that broke off
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.certificate, pair.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def total(self):
        return sum(self.hits.values())

    def close(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class World:
    """The authority, and what it has issued: made once, since keys take their time."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.root = Pair(folder, "root", authority=True)
        self.issuer = Pair(folder, "issuer", self.root, authority=True)
        self.server = Pair(folder, "server", self.root,
                           ["api.paypal.com", "api.sandbox.paypal.com", "sns.us-east-1.amazonaws.com", "keys.example.com"])
        self.paypal = Pair(folder, "messageverificationcerts.paypal.com", self.root, ["messageverificationcerts.paypal.com"])
        self.sns = Pair(folder, "sns.amazonaws.com", self.issuer, issuer_url="http://crt.example.com/issuer.cer")
        self.tokens = Pair(folder, "tokens", self.root)
        self.other_root = Pair(folder, "other-root", authority=True)
        self.other_server = Pair(folder, "other-server", self.other_root, ["api.paypal.com"])
        self.wrong_name = Pair(folder, "wrong-name", self.root, ["api.example.com"])
        self.forged = Pair(folder, "forged", self.other_root, ["messageverificationcerts.paypal.com"])
