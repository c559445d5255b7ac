"""Certificates for tests, made by the openssl program."""
import subprocess


def certificate(folder, name, *names, key="ec"):
    """A self-signed one for localhost: (certificate, key), PEM files."""
    files = folder / f"{name}.pem", folder / f"{name}.key"
    algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["-newkey", "rsa:2048"]
    subprocess.run(["openssl", "req", "-x509", *algorithm, "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files
