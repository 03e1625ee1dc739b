"""Run in a process of its own by the demo: prints JSON with the tokens of everybody whom the traffic plays."""

import json
import sys

import django


def main() -> None:
    django.setup()
    # Only now are the settings read and the models ready.
    from madoguchi.demo.company import email_of
    from madoguchi.people.models import Staff
    from madoguchi.people.tokens import issue

    scopes = ["tickets:read", "tickets:write", "people:read", "calls:read", "knowledge:read"]
    tokens = {
        login: issue(staff=Staff.objects.get(email=email_of(login)), scopes=scopes, name="demo")
        for login in sys.argv[1:]
    }
    administrator = Staff.objects.get(email=email_of("nakamura"))
    for name in ("pbx", "zammad-bridge"):
        tokens[name] = issue(staff=administrator, scopes=["calls:write"], name=name)
    print(json.dumps(tokens))


if __name__ == "__main__":
    main()
