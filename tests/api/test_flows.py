"""Flows over the API."""

from tests.api.client import DOUBLING, Client

FLOW = "id name description ownerId createdAt updatedAt latest { id version name document }"


async def test_a_flow_comes_back_as_it_was_sent(client: Client) -> None:
    document = {**DOUBLING, "metadata": {"z": 1e16, "a": -0.0, "long": 0.1}, "description": "Doubles."}
    made = await client.ask(
        f"mutation($d: JSON!) {{ createFlow(input: {{document: $d}}) {{ flow {{ {FLOW} }} }} }}", d=document
    )
    flow = made["createFlow"]["flow"]
    assert flow["latest"] == {"id": f"{flow['id']}@1", "version": 1, "name": "Doubling", "document": document}
    assert list(flow["latest"]["document"]["metadata"]) == ["z", "a", "long"]
    assert flow["description"] == "Doubles."
    found = await client.ask(f"query($id: ID!) {{ flow(id: $id) {{ {FLOW} }} }}", id=flow["id"])
    assert found["flow"] == flow
