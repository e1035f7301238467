using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Clients that customers generate from the API's document: each is compiled and works through one journey with an API token.</summary>
[Trait("Rule", "GWY-1")]
public sealed class Generated_clients(Deployment deployment) : IDisposable
{
    private readonly NodeScripts _node = new();
    private readonly Client _client = deployment.Client;

    [Fact]
    public async Task A_client_in_TypeScript_creates_reads_lists_and_deletes_an_account()
    {
        var (tenant, token) = await CustomerAsync();
        await File.WriteAllTextAsync(_node["api.json"], await DocumentAsync());
        await _node.RunAsync(null, "node_modules/openapi-typescript/bin/cli.js", "api.json", "--output", "api.d.ts");
        await _node.RunAsync(null, "node_modules/typescript/bin/tsc", "--project", ".");

        var came = await _node.RunAsync(null, "journey.mjs", deployment.GatewayAddress, token, tenant.Domain);

        Check(JsonNode.Parse(came)!, tenant, "ichiro");
    }

    [Fact]
    public async Task A_client_in_CSharp_creates_reads_lists_and_deletes_an_account()
    {
        var (tenant, token) = await CustomerAsync();
        var journey = Compile(await File.ReadAllTextAsync(_node["Journey.cs"]), await GenerateAsync(await DocumentAsync()));
        using var http = new HttpClient { BaseAddress = new Uri(deployment.GatewayAddress) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        var came = await (Task<string>)journey.GetType("Journey")!.GetMethod("RunAsync")!.Invoke(null, [http, tenant.Domain])!;

        Check(JsonNode.Parse(came)!, tenant, "jiro");
    }

    public void Dispose() => _node.Dispose();

    private async Task<(Tenant Tenant, string Token)> CustomerAsync()
    {
        var tenant = await deployment.TenantAsync();
        var made = await _client.MustAsync(
            HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", await _client.SignInAsync(tenant.Admin, Deployment.Password),
            new { name = "program", scopes = new[] { "accounts:read", "accounts:write" } });
        return (tenant, made.Body!["token"]!.GetValue<string>());
    }

    private async Task<string> DocumentAsync() => (await _client.GetAsync("/api/v1/openapi.json")).Text;

    private static async Task<string> GenerateAsync(string document)
    {
        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = "HikyakuClient",
            OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
            GenerateOptionalParameters = true,
        };
        settings.CSharpGeneratorSettings.Namespace = "Hikyaku.Generated";
        settings.CSharpGeneratorSettings.JsonLibrary = CSharpJsonLibrary.SystemTextJson;
        settings.CSharpGeneratorSettings.GenerateNullableReferenceTypes = true;
        return new CSharpClientGenerator(await OpenApiDocument.FromJsonAsync(document), settings).GenerateFile();
    }

    private static Assembly Compile(params string[] sources)
    {
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(p) is "mscorlib.dll" or "netstandard.dll");
        var compilation = CSharpCompilation.Create(
            "GeneratedClient", sources.Select(s => CSharpSyntaxTree.ParseText(s)), platform.Select(p => MetadataReference.CreateFromFile(p)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var program = new MemoryStream();
        var result = compilation.Emit(program);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(20)));
        program.Position = 0;
        return new AssemblyLoadContext("GeneratedClient").LoadFromStream(program);
    }

    private static void Check(JsonNode came, Tenant tenant, string name)
    {
        Assert.Equal("admin", came["role"]!.GetValue<string>());
        Assert.Equal("""{"status":422,"codes":["accounts.name-length","accounts.name-edge"],"fields":["name","name"]}""", came["refused"]!.ToJsonString());
        Assert.Equal($"{name}@{tenant.Domain}", came["created"]!.GetValue<string>());
        Assert.Equal("""{"capacityMb":20,"restrictions":0}""", came["read"]!.ToJsonString());
        Assert.Contains($"{name}@{tenant.Domain}", came["listed"]!.AsArray().Select(a => a!.GetValue<string>()));
        Assert.Equal("account-deletion", came["job"]!["kind"]!.GetValue<string>());
    }
}
