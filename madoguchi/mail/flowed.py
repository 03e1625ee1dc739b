"""format=flowed (RFC 3676): lines that a sender wrapped are put together again."""


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Join soft-wrapped lines of equal quote depth; ``-- `` stays a line of its own."""
    out: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        if open_depth == depth and content != "-- ":
            out[-1] += content
        else:
            out.append((">" * depth + " " if depth else "") + content)
        if soft and delete_space:
            out[-1] = out[-1][:-1]
        open_depth = depth if soft else None
    return "\n".join(out)
