using System.Text.Json.Nodes;
using Hikyaku.Gateway.Documents;
using Hikyaku.Gateway.Routing;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "GWY-1")]
public sealed class DocumentMergeSpecs
{
    [Fact]
    public void Only_what_the_route_table_has_for_a_service_is_published_with_its_roles()
    {
        var merged = Merge(("accounts", """
            {"paths":{"/api/v1/domains":{"get":{"summary":"List"},"delete":{}},"/internal/targets/{address}":{"get":{}},"/api/v1/me":{"get":{}}}}
            """));

        Assert.Equal(["/api/v1/domains"], merged["paths"]!.AsObject().Select(p => p.Key));
        Assert.Equal(["get"], merged["paths"]!["/api/v1/domains"]!.AsObject().Select(o => o.Key));
        Assert.Equal("""["operator","admin"]""", merged["paths"]!["/api/v1/domains"]!["get"]!["x-hikyaku-roles"]!.ToJsonString());
        Assert.Equal(3, merged["paths"]!["/api/v1/domains"]!["get"]!["security"]!.AsArray().Count);
    }

    [Fact]
    public void Two_shapes_of_one_name_both_stay_and_are_pointed_to()
    {
        var merged = Merge(
            ("gateway", """{"paths":{"/api/v1/me":{"get":{"x":{"$ref":"#/components/schemas/View"}}}},"components":{"schemas":{"View":{"type":"string"},"Same":{"type":"null"}}}}"""),
            ("accounts", """{"paths":{"/api/v1/domains":{"get":{"x":{"$ref":"#/components/schemas/View"}}}},"components":{"schemas":{"View":{"type":"object"},"Same":{"type":"null"}}}}"""));

        Assert.Equal(["View", "Same", "accounts.View"], merged["components"]!["schemas"]!.AsObject().Select(s => s.Key));
        Assert.Equal("#/components/schemas/View", merged["paths"]!["/api/v1/me"]!["get"]!["x"]!["$ref"]!.GetValue<string>());
        Assert.Equal("#/components/schemas/accounts.View", merged["paths"]!["/api/v1/domains"]!["get"]!["x"]!["$ref"]!.GetValue<string>());
    }

    private static JsonNode Merge(params (string Service, string Document)[] documents)
        => JsonNode.Parse(DocumentMerge.Of(documents.ToDictionary(d => d.Service, d => JsonNode.Parse(d.Document)!.AsObject()), RouteTable.With()))!;
}
