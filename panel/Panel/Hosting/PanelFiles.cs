using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Hikyaku.Panel.Hosting;

/// <summary>
/// Stylesheets, script and icon. They are in the assembly, so that the program needs no folder beside it, and their addresses have
/// a hash of the contents, so that browsers keep them for ever.
/// </summary>
public static class PanelFiles
{
    private const string Prefix = "assets/";

    private static readonly FrozenDictionary<string, Asset> All = typeof(PanelFiles).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Select(Read).ToFrozenDictionary(a => a.Name);

    /// <summary>The address of one of them.</summary>
    public static string Url(string name) => $"/assets/{All[name].Hash}/{name}";

    /// <summary>Serves them. An address with another hash is that of another release, and its page is served the present file.</summary>
    public static void MapFiles(this IEndpointRouteBuilder app) => app.MapGet("/assets/{hash}/{name}", (string hash, string name, HttpContext http) =>
    {
        if (!All.TryGetValue(name, out var asset)) return Results.NotFound();
        http.Response.Headers.CacheControl = hash == asset.Hash ? "public, max-age=31536000, immutable" : "no-cache";
        return Results.Bytes(asset.Bytes, asset.Type, entityTag: new EntityTagHeaderValue($"\"{asset.Hash}\""));
    });

    private static Asset Read(string resource)
    {
        using var stream = typeof(PanelFiles).Assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var name = resource[Prefix.Length..];
        var type = Path.GetExtension(name) switch
        {
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            var other => throw new InvalidOperationException($"{name}: {other} has no media type"),
        };
        return new(name, bytes, type, Convert.ToHexStringLower(SHA256.HashData(bytes))[..12]);
    }

    private sealed record Asset(string Name, byte[] Bytes, string Type, string Hash);
}
