using System.Text.Json;
using Hikyaku.Copier;
using Hikyaku.DataCopy.Contracts;
using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Work;

/// <summary>What a worker needs to do a copy, secrets included. It is stored sealed, and removed when the copy ends (CPY-7).</summary>
/// <param name="Address">The account's.</param>
/// <param name="Form">What was asked for.</param>
/// <param name="GrantSecret">What the worker logs in with at the destination; null: the copy has not begun.</param>
public sealed record Assignment(string Address, CopyForm Form, string? GrantSecret = null)
{
    /// <summary>Of a new copy.</summary>
    public static Assignment Of(CopyForm form, Target account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return new(account.Address, form);
    }

    /// <summary>Names the source in the journal: another user or server is another source.</summary>
    public string Source => $"{Form.UserName} {Form.Host}";

    /// <summary>Opens one.</summary>
    public static Assignment Open(SecretBox box, byte[] sealedBytes)
    {
        ArgumentNullException.ThrowIfNull(box);
        return JsonSerializer.Deserialize<Assignment>(box.Open(sealedBytes))!;
    }

    /// <summary>Seals it.</summary>
    public byte[] Seal(SecretBox box)
    {
        ArgumentNullException.ThrowIfNull(box);
        return box.Seal(JsonSerializer.SerializeToUtf8Bytes(this));
    }

    /// <summary>The mailbox at the destination's server.</summary>
    public CopyDestination At(WorkerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new(settings.DestinationHost, settings.DestinationPort, Address + CopyGrantState.LoginSuffix, new(GrantSecret!), settings.DestinationTls);
    }

    /// <summary>Never the secrets.</summary>
    public override string ToString() => $"Assignment of {Address}";
}
