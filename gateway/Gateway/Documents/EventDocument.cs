namespace Hikyaku.Gateway.Documents;

/// <summary>
/// <c>GET /api/v1/asyncapi.json</c>: the AsyncAPI 3 document of the feed and its webhooks, as generated from the contracts and
/// kept in <c>docs/asyncapi.json</c>.
/// </summary>
public static class EventDocument
{
    private static readonly byte[] Document = Read();

    /// <summary>The endpoint.</summary>
    public static IResult Handle() => Results.Bytes(Document, "application/json;charset=utf-8");

    private static byte[] Read()
    {
        using var resource = typeof(EventDocument).Assembly.GetManifestResourceStream("asyncapi.json")!;
        using var copy = new MemoryStream();
        resource.CopyTo(copy);
        return copy.ToArray();
    }
}
