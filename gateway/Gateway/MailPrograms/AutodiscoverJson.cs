using System.Text.Json;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>
/// <c>GET /autodiscover/autodiscover.json</c>, with the address in the query or, with <c>/v1.0/ADDRESS</c>, in the path: new Outlook asks
/// where a protocol is found. Only <see cref="Autodiscover"/> is here. Refusals have the protocol's form.
/// </summary>
public static class AutodiscoverJson
{
    private const string Offered = "AutodiscoverV1";
    private const int MaxShown = 40;

    // The protocol's names begin with capitals.
    private static readonly JsonSerializerOptions Json = new() { Encoder = Answer.Json.Encoder };

    /// <summary>200, or 400 with an <c>ErrorCode</c>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="email">Whose program asks; the answer is the same for everybody.</param>
    /// <param name="protocol">What it looks for.</param>
    public static IResult Handle(HttpContext http, string? email = null, string? protocol = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (!InternetNames.TryReadMailbox(email, out _)) return Refuse("MandatoryParameterMissing", "A valid smtp address must be provided");
        if (string.IsNullOrEmpty(protocol)) return Refuse("MandatoryParameterMissing", "A valid value must be provided for the query parameter 'Protocol'");
        if (!protocol.Equals(Offered, StringComparison.OrdinalIgnoreCase))
            return Refuse("InvalidProtocol", $"The given protocol value '{VisibleText.Of(protocol[..Math.Min(protocol.Length, MaxShown)])}' is invalid. Supported values are '{Offered}'");
        return Results.Json(new { Protocol = Offered, Url = $"{http.Request.Scheme}://{http.Request.Host}/autodiscover/autodiscover.xml" }, Json);
    }

    private static IResult Refuse(string code, string message) => Results.Json(new { ErrorCode = code, ErrorMessage = message }, Json, statusCode: StatusCodes.Status400BadRequest);
}
