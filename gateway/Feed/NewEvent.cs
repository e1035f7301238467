using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikyaku.Feed;

/// <summary>A published contract, taken apart for the feed.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Type">Its name, like <c>accounts.mail-account-created</c>.</param>
/// <param name="Source">Who published it, <c>urn:hikyaku:SERVICE</c>.</param>
/// <param name="At">When it was decided.</param>
/// <param name="AccountId">The account that it is about; null for none.</param>
/// <param name="Address">The account's address, when the contract tells it.</param>
/// <param name="Domain">The domain, when the contract tells it.</param>
/// <param name="Login">The operator or administrator that it is about; null for none.</param>
/// <param name="Trace">The W3C trace context; null when there was none.</param>
/// <param name="Data">The contract's other fields as JSON: what is here already is left out, and so is the session of who caused it.</param>
public sealed record NewEvent(
    Guid Id, string Type, string Source, DateTimeOffset At,
    string? AccountId, string? Address, string? Domain, string? Login, string? Trace, string Data)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Takes one apart; it is one of <see cref="RecordedContracts"/>.</summary>
    public static NewEvent Of(object contract, string? trace)
    {
        ArgumentNullException.ThrowIfNull(contract);
        var type = contract.GetType();
        var data = JsonSerializer.SerializeToNode(contract, type, Json)!.AsObject();
        var (id, at) = (data["eventId"]!.GetValue<Guid>(), data["at"]!.GetValue<DateTimeOffset>());
        foreach (var told in new[] { "eventId", "position", "at" }) data.Remove(told);
        data["by"]!.AsObject().Remove("session");
        return new(
            id, RecordedContracts.NameOf(type), $"urn:hikyaku:{RecordedContracts.ServiceOf(type)}", at.ToUniversalTime(),
            Text(data, "accountId"), Text(data, "address"), Text(data, "domain"), Text(data, "login"), trace, data.ToJsonString());
    }

    private static string? Text(JsonObject data, string name) => data[name]?.GetValue<string>();
}
