using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>What programs of others say of the documents that the gateway serves.</summary>
[Trait("Rule", "GWY-1")]
public sealed class Documents_for_clients(Deployment deployment) : IDisposable
{
    private readonly NodeScripts _node = new();

    [Fact]
    public async Task The_linter_finds_nothing_in_the_api_document()
    {
        await SaveAsync("api.json");

        Assert.Equal("", await _node.RunAsync(null, "lint.mjs", "api.json", "redocly.yaml"));
    }

    [Fact]
    public async Task The_linter_finds_an_operation_without_a_name_and_an_example_of_another_shape()
    {
        var document = await SaveAsync("api.json");
        var operation = document["paths"]!["/api/v1/domains/{name}/accounts"]!["post"]!.AsObject();
        operation.Remove("operationId");
        operation["requestBody"]!["content"]!["application/json"]!["example"] = new JsonObject { ["capacityMb"] = "many" };
        await File.WriteAllTextAsync(_node["broken.json"], document.ToJsonString());

        var found = await _node.RunAsync(null, "lint.mjs", "broken.json", "redocly.yaml");

        Assert.Contains("operation-operationId ", found, StringComparison.Ordinal);
        Assert.Contains("no-invalid-media-type-examples ", found, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "OPS-2")]
    public async Task AsyncAPIs_own_parser_reads_the_document_of_events()
    {
        var document = await SaveAsync("asyncapi.json");

        var read = JsonNode.Parse(await _node.RunAsync(null, "events.mjs", "asyncapi.json"))!;

        Assert.Equal("[]", read["faults"]!.ToJsonString());
        Assert.Equal(document["asyncapi"]!.GetValue<string>(), read["version"]!.GetValue<string>());
        Assert.Equal(document["components"]!["messages"]!.AsObject().Count, read["messages"]!.AsArray().Count);
    }

    [Fact, Trait("Rule", "OPS-2")]
    public async Task AsyncAPIs_own_parser_finds_a_message_that_is_nowhere()
    {
        var document = await SaveAsync("asyncapi.json");
        document["components"]!["messages"]!.AsObject().Remove("MailAccountCreated");
        await File.WriteAllTextAsync(_node["broken.json"], document.ToJsonString());

        var read = JsonNode.Parse(await _node.RunAsync(null, "events.mjs", "broken.json"))!;

        Assert.NotEmpty(read["faults"]!.AsArray());
    }

    public void Dispose() => _node.Dispose();

    private async Task<JsonNode> SaveAsync(string name)
    {
        var reply = await deployment.Client.GetAsync("/api/v1/" + (name == "api.json" ? "openapi.json" : name));
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        await File.WriteAllTextAsync(_node[name], reply.Text);
        return reply.Body!;
    }
}
