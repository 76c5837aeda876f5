"""The example flows in the service of `tidegate dev`: created once, updated with their files."""

from tidegate.client import Client
from tidegate.example_flows import ExampleFlows

FLOW = """\
tidegate: 1
name: An example that follows its file
nodes:
  - {id: text, type: value.text, inputs: {value: WORD}}
"""


async def versions(client: Client) -> list[int]:
    data = await client.ask('{ flows(search: "follows its file") { edges { node { latest { version } } } } }')
    return [edge["node"]["latest"]["version"] for edge in data["flows"]["edges"]]


async def delete(client: Client) -> None:
    data = await client.ask('{ flows(search: "follows its file") { edges { node { id } } } }')
    flow_id = data["flows"]["edges"][0]["node"]["id"]
    await client.ask("mutation ($id: ID!) { deleteFlow(id: $id) { deletedId } }", id=flow_id)


async def test_an_example_is_created_once_and_follows_its_file(service, tmp_path, caplog):
    record, file = tmp_path / "record.json", tmp_path / "greeting.yaml"

    async with Client(service.url) as client:

        async def load(text: str) -> list[int]:
            file.write_text(text)
            await ExampleFlows(client, record, tmp_path).load()
            return await versions(client)

        assert await load(FLOW) == [1]
        assert await load(FLOW) == [1]
        assert await load(FLOW.replace("WORD", "hello")) == [2]

        await delete(client)
        assert await load(FLOW.replace("WORD", "hello")) == []
        assert await load(FLOW) == [1]

        assert await load("tidegate: 1\n") == [1]
        assert "The example greeting.yaml was not loaded" in caplog.text
