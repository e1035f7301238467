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
        Assert.Equal("listDomains", merged["paths"]!["/api/v1/domains"]!["get"]!["operationId"]!.GetValue<string>());
        Assert.Equal("""["Domains"]""", merged["paths"]!["/api/v1/domains"]!["get"]!["tags"]!.ToJsonString());
    }

    [Fact]
    public void Two_shapes_of_one_name_both_stay_and_are_pointed_to()
    {
        var merged = Merge(
            ("gateway", """{"paths":{"/api/v1/me":{"get":{"x":{"$ref":"#/components/schemas/View"}}}},"components":{"schemas":{"View":{"type":"string"},"Same":{"type":"null"}}}}"""),
            ("accounts", """{"paths":{"/api/v1/domains":{"get":{"x":{"$ref":"#/components/schemas/View"}}}},"components":{"schemas":{"View":{"type":"object"},"Same":{"type":"null"}}}}"""));

        Assert.Equal(["Problem", "ProblemError", "View", "Same", "accounts.View"], merged["components"]!["schemas"]!.AsObject().Select(s => s.Key));
        Assert.Equal("#/components/schemas/View", merged["paths"]!["/api/v1/me"]!["get"]!["x"]!["$ref"]!.GetValue<string>());
        Assert.Equal("#/components/schemas/accounts.View", merged["paths"]!["/api/v1/domains"]!["get"]!["x"]!["$ref"]!.GetValue<string>());
    }

    [Fact]
    public void Parameters_are_described_and_those_of_the_path_are_there()
    {
        var merged = Merge(("accounts", """
            {"paths":{"/api/v1/domains/{name}/accounts":{"get":{"parameters":[{"name":"Limit","in":"query","schema":{"type":"string"}}]}}}}
            """));
        var parameters = merged["paths"]!["/api/v1/domains/{name}/accounts"]!["get"]!["parameters"]!;

        Assert.Equal(["limit", "name"], parameters.AsArray().Select(p => p!["name"]!.GetValue<string>()));
        Assert.Equal(500, parameters[0]!["schema"]!["maximum"]!.GetValue<int>());
        Assert.True(parameters[1]!["required"]!.GetValue<bool>());
        Assert.All(parameters.AsArray(), p => Assert.NotNull(p!["description"]));
    }

    [Fact, Trait("Rule", "GWY-3")]
    public void What_refuses_a_call_is_named_by_status_and_code()
    {
        var merged = Merge(("accounts", """{"paths":{"/api/v1/domains":{"post":{"requestBody":{}},"get":{}}}}"""));
        var (post, get) = (merged["paths"]!["/api/v1/domains"]!["post"]!["responses"]!, merged["paths"]!["/api/v1/domains"]!["get"]!["responses"]!);

        Assert.Contains("request.malformed", Codes(post["400"]));
        Assert.Contains("request.forbidden", Codes(post["403"]));
        Assert.Contains("sessions.cross-site-request", Codes(post["403"]));
        Assert.DoesNotContain("sessions.cross-site-request", Codes(get["403"]));
        Assert.Null(get["413"]);
        Assert.Equal("#/components/schemas/Problem", post["401"]!["content"]!["application/problem+json"]!["schema"]!["$ref"]!.GetValue<string>());

        static IEnumerable<string> Codes(JsonNode? response) => response!["x-hikyaku-problems"]!.AsArray().Select(c => c!.GetValue<string>());
    }

    private static JsonNode Merge(params (string Service, string Document)[] documents)
        => JsonNode.Parse(DocumentMerge.Of(documents.ToDictionary(d => d.Service, d => JsonNode.Parse(d.Document)!.AsObject()), RouteTable.With()))!;
}
