from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items, path_of, tree
from tests.cast import Cast


def child(parent: Category, key: str, **fields: object) -> Category:
    return Category.objects.create(key=key, name=key, parent=parent, **fields)


def test_the_tree_is_read_in_order_with_its_ancestors(cast: Cast) -> None:
    late = child(cast.general, "late", position=900)
    first = child(cast.general, "first", position=1)
    below = child(first, "below")
    rows = [(category, path) for category, path in tree()]
    assert rows == [
        (cast.general, []),
        (first, [cast.general]),
        (below, [cast.general, first]),
        (cast.mail_trouble, [cast.general]),
        (cast.wiring, [cast.general]),
        (late, [cast.general]),
    ]


def test_the_tree_needs_one_query_however_deep(cast: Cast, django_assert_num_queries: object) -> None:
    parent = cast.general
    for level in range(10):
        parent = child(parent, f"level-{level}", destination=cast.network)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert [str(category.destination) for category, _ in tree()].count("ネットワーク") == 10


def test_what_is_switched_off_is_hidden_with_all_below_it(cast: Cast) -> None:
    off = child(cast.general, "off", is_active=False)
    below = child(off, "below-off")
    assert {off, below} & {category for category, _ in tree()} == set()
    assert {off, below} <= {category for category, _ in tree(active_only=False)}


def test_a_path_begins_at_the_root(cast: Cast) -> None:
    below = child(cast.mail_trouble, "below")
    assert path_of(below) == [cast.general, cast.mail_trouble, below]


def test_a_path_through_a_circle_ends(cast: Cast) -> None:
    Category.objects.filter(pk=cast.general.pk).update(parent=cast.mail_trouble)
    cast.mail_trouble.refresh_from_db()
    assert path_of(cast.mail_trouble)[-1] == cast.mail_trouble


def test_mail_trouble_asks_the_five_items_of_the_contract(cast: Cast) -> None:
    items = hearing_items(cast.mail_trouble)
    assert [item.key for item in items] == ["error_code", "since_when", "impact", "steps_tried", "callback_number"]
    assert all(item.is_required for item in items)


def test_items_come_from_ancestors_and_from_the_destination_too(cast: Cast) -> None:
    HearingItem.objects.create(category=cast.general, key="pc", name="機器", position=0)
    HearingItem.objects.create(team=cast.network, key="vlan", name="VLAN", position=99)
    below = child(cast.mail_trouble, "below")
    keys = [item.key for item in hearing_items(below, cast.network)]
    assert keys == ["pc", "error_code", "since_when", "impact", "steps_tried", "callback_number", "vlan"]
    assert "vlan" not in [item.key for item in hearing_items(below, cast.service_desk)]


def test_an_item_named_twice_is_asked_once_and_required_if_either_requires_it(cast: Cast) -> None:
    HearingItem.objects.create(category=cast.general, key="impact", name="影響", position=0)
    items = [item for item in hearing_items(cast.mail_trouble) if item.key == "impact"]
    assert [item.is_required for item in items] == [True]


def test_without_category_and_team_nothing_is_asked(cast: Cast) -> None:
    assert hearing_items(None) == []
