namespace Hikyaku.Routing;

/// <summary>The operator's settings of the service.</summary>
/// <param name="RefuseCharacters">Whether the characters of RTE-7 are refused in an autoreply (<c>Hikyaku:Routing:RefuseCharacters</c>).</param>
/// <param name="ForwardSpam">Whether mail judged spam is forwarded (RTE-11; <c>Hikyaku:Routing:ForwardSpam</c>).</param>
public sealed record RoutingSettings(bool RefuseCharacters = true, bool ForwardSpam = true)
{
    /// <summary>Reads them.</summary>
    public static RoutingSettings Read(IConfiguration configuration)
        => new(configuration.GetValue("Hikyaku:Routing:RefuseCharacters", true), configuration.GetValue("Hikyaku:Routing:ForwardSpam", true));
}
