from blocks.supervision.configuration_text import masked_configuration, secrets_of

TEXT = """\
[unix_http_server]
username = deploy
password = open sesame
[program:noteshub-blue]
; environment=OLD="gone"
command=python -m noteshub --port 8001
environment=DATABASE_URL="postgresql://a:b@c/d,e",
    TOKEN='t o k',PLAIN=p1
directory=/app
"""


def test_masks_variables_and_passwords_and_nothing_else() -> None:
    assert masked_configuration(TEXT).splitlines() == [
        "[unix_http_server]",
        "username = deploy",
        "password = **********",
        "[program:noteshub-blue]",
        '; environment=OLD="gone"',
        "command=python -m noteshub --port 8001",
        "environment=DATABASE_URL=**********,",
        "    TOKEN=**********,PLAIN=**********",
        "directory=/app",
    ]


def test_knows_what_it_masks() -> None:
    assert secrets_of(TEXT) == {"open sesame", "postgresql://a:b@c/d,e", "t o k", "p1"}
