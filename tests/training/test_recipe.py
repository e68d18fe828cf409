"""Recipes: read, changed, refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import RecipeError
from photochrom.training.recipe import Recipe, list_recipes, load_recipe, save_recipe

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize("name", list_recipes())
def test_every_shipped_recipe_loads_and_explains_each_key(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    text = (RECIPES / f"{name}.yaml").read_text()
    keys = {line.split(":")[0] for line in text.splitlines() if ":" in line and line[0] not in "# "}
    # The article's leave out what it did not have; photochrom-1's shows every key there is.
    assert (keys == set(Recipe.model_fields)) if name == "photochrom-1" else keys < set(Recipe.model_fields)
    commented = [line for line in text.splitlines() if "#" in line and line[0] != "#"]
    assert len(commented) >= len(keys) - 3  # name, description and optimizer speak for themselves


@pytest.mark.parametrize("number", range(1, 7))
def test_the_article_s_settings(number):
    recipe = load_recipe(f"article-{number}")
    assert (recipe.network, recipe.photos, recipe.size, recipe.batch) == (f"article-{number}", 200, 400, 32)
    assert (recipe.epochs, recipe.learning_rate, recipe.loss, recipe.optimizer) == (200, 0.001, "mse", "adam")
    assert not recipe.flip
    assert recipe.crop_from is None


def test_the_final_run():
    recipe = load_recipe("article-final")
    assert (recipe.network, recipe.photos, recipe.epochs) == ("article-6", 2000, 300)


def test_changes_are_yaml():
    recipe = load_recipe("article-6", {"epochs": "7", "learning_rate": "1e-4", "photos": "null", "flip": "true"})
    assert (recipe.epochs, recipe.learning_rate, recipe.photos, recipe.flip) == (7, 1e-4, None, True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epoch": "7"}, "unknown key epoch; did you mean epochs"),
        ({"epochs": "many"}, "epochs: .*integer.*'many'"),
        ({"epochs": "0"}, "epochs: .*greater than or equal to 1.*0"),
        ({"epochs": "1.5"}, "epochs: .*integer"),
        ({"epochs": "true"}, "epochs: .*integer"),
        ({"learning_rate": "-1"}, "learning_rate: .*greater than 0"),
        ({"learning_rate": ".nan"}, "learning_rate"),
        ({"network": "article-9"}, "network: there is none named 'article-9'"),
        ({"loss": "l7"}, "loss"),
        ({"crop_from": "100"}, "crop_from: 100 is smaller than size, 400"),
        ({"name": ""}, "name"),
        ({"size": "[1"}, "size: '\\[1' is no YAML"),
        ({"name": "2024-13-45"}, "name: '2024-13-45' is no YAML"),
        ({"seed": "0b_"}, "seed: '0b_' is no YAML"),
        ({"init_sha256": "a" * 64}, "init_sha256: has no effect without init_from"),
        ({"init_from": "photochrom-1", "init_sha256": "a1b2"}, "init_sha256: string should match pattern"),
    ],
)
def test_what_cannot_be_is_refused_with_the_key_s_name(changes, message):
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe("article-1", changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("just words", "is no recipe"),
        ("name: [unclosed", "is no YAML"),
        ("name: 2024-13-45", "is no YAML"),
        ("name: a\nname: b\nnetwork: article-1\n", "name stands twice"),
        ("network: article-1\n", "name is missing"),
        ("", "is no recipe"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


def test_a_folder_of_a_recipe_s_name_hides_none(tmp_path, monkeypatch):
    (tmp_path / "article-1").mkdir()  # such as a run of it
    monkeypatch.chdir(tmp_path)
    assert load_recipe("article-1").name == "article-1"


def test_a_missing_recipe_names_those_there_are():
    with pytest.raises(RecipeError, match=r"nothing\.yaml: there is no such recipe.*article-final"):
        load_recipe("nothing.yaml")


@given(
    st.builds(
        Recipe,
        name=st.text("abc-1", min_size=1),
        network=st.sampled_from(["article-1", "article-6"]),
        learning_rate=st.floats(1e-9, 1),
        epochs=st.integers(1, 10**6),
        flip=st.booleans(),
    )
)
def test_what_is_saved_is_read_back(tmp_path_factory, recipe):
    path = tmp_path_factory.mktemp("recipe") / "r.yaml"
    save_recipe(recipe, path)
    assert load_recipe(path) == recipe
