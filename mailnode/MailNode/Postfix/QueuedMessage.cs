using System.Text.Json;

namespace Hikyaku.MailNode;

/// <summary>A message that waits in Postfix's queue, as far as it must be known to take an account out of it (rule ACC-5).</summary>
/// <param name="Queue">active, incoming, deferred, hold or maildrop.</param>
/// <param name="Id">Its name.</param>
/// <param name="Sender">The envelope's sender in lower case, as its account is called (<see cref="PlusAddress"/>).</param>
/// <param name="Recipients">Who has not got it yet, written alike.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Size">In bytes.</param>
public sealed record QueuedMessage(string Queue, string Id, string Sender, IReadOnlyList<string> Recipients, DateTimeOffset At = default, long Size = 0)
{
    /// <summary>The queue of messages that wait for an operator.</summary>
    public const string OnHold = "hold";

    /// <summary>Reads a line of <c>postqueue -j</c>; null when it is no message.</summary>
    public static QueuedMessage? Read(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var message = json.RootElement;
            return new(
                message.GetProperty("queue_name").GetString()!, message.GetProperty("queue_id").GetString()!,
                Account(message.GetProperty("sender")),
                [.. message.GetProperty("recipients").EnumerateArray().Select(r => Account(r.GetProperty("address")))],
                message.TryGetProperty("arrival_time", out var at) ? DateTimeOffset.FromUnixTimeSeconds(at.GetInt64()) : default,
                message.TryGetProperty("message_size", out var size) ? size.GetInt64() : 0);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Account(JsonElement address) => PlusAddress.Without(address.GetString()!.ToLowerInvariant());

    /// <summary>Whether it is to or from one of these.</summary>
    public bool Concerns(Func<string, bool> isGone)
    {
        ArgumentNullException.ThrowIfNull(isGone);
        return isGone(Sender) || Recipients.Any(isGone);
    }

    /// <summary>What is to be done with it when addresses are gone.</summary>
    /// <param name="isGone">Whether an address is.</param>
    /// <param name="isGivenUp">
    /// Whether its sender is gone for so long that no more attempts are made: later a failure would be told to that address,
    /// which may be somebody else's by then.
    /// </param>
    public QueueStep Step(Func<string, bool> isGone, bool isGivenUp)
    {
        ArgumentNullException.ThrowIfNull(isGone);
        if (!Concerns(isGone)) return QueueStep.Leave;
        // Postfix is working on the message; it leaves the queue or becomes deferred.
        if (Queue is not ("deferred" or OnHold)) return QueueStep.Wait;
        if (Recipients.All(isGone) || isGivenUp) return QueueStep.Delete;
        if (Queue != OnHold) return QueueStep.Attempt; // Dovecot refuses the deleted recipients and takes the others
        // A held message waits for an operator, who may take weeks, for the sake of the others.
        return Recipients.Any(isGone) ? QueueStep.TakeOut : QueueStep.Wait;
    }
}

/// <summary>What is to be done with a queued message.</summary>
public enum QueueStep
{
    /// <summary>Nothing: it concerns nobody who is gone.</summary>
    Leave,

    /// <summary>Nothing now.</summary>
    Wait,

    /// <summary>It is deleted: it is for nobody else.</summary>
    Delete,

    /// <summary>It is attempted now.</summary>
    Attempt,

    /// <summary>It stays on hold for the others, and whoever is gone is taken out of it.</summary>
    TakeOut,
}
