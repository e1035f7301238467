using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.Platform;

/// <summary>What the server has made of a message.</summary>
public enum Submitted
{
    /// <summary>It has taken it, and it is the server's from now on.</summary>
    Taken,

    /// <summary>It will never take it: there is no such recipient (RFC 3463, 5.1.1 to 5.1.6 and 5.1.10).</summary>
    Refused,

    /// <summary>Not now: the server said so, or the connection broke.</summary>
    NotNow,
}

/// <summary>A connection to the platform's own submission.</summary>
public sealed partial class MailSubmission(MailSettings settings) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly SmtpClient _client = new() { Timeout = (int)Patience.TotalMilliseconds, CheckCertificateRevocation = false };

    /// <summary>Whether messages can be given to it.</summary>
    public bool IsOpen => _client.IsConnected;

    /// <summary>Connects and logs in; throws one of what <see cref="IsAway"/> names.</summary>
    public async Task OpenAsync(CancellationToken stop)
    {
        using var limit = Limit(stop);
        if (settings.Authority is not null) _client.ServerCertificateValidationCallback = IsTrusted;
        var tls = settings.Submission!.Scheme == MailSettings.ImplicitTls ? SecureSocketOptions.SslOnConnect : settings.UsesStartTls ? SecureSocketOptions.StartTls : SecureSocketOptions.None;
        try
        {
            await _client.ConnectAsync(settings.Submission.Host, settings.Port, tls, limit.Token);
            if (settings.Login is { } login) await _client.AuthenticateAsync(login, (await File.ReadAllTextAsync(settings.PasswordFile!, limit.Token)).Trim(), limit.Token);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new TimeoutException("The mail server does not answer in time", e);
        }
    }

    /// <summary>Submits a message.</summary>
    /// <returns>What the server made of it, and its words.</returns>
    public async Task<(Submitted What, string Words)> SendAsync(MimeMessage message, CancellationToken stop)
    {
        using var limit = Limit(stop);
        try
        {
            return (Submitted.Taken, await _client.SendAsync(message, limit.Token));
        }
        catch (SmtpCommandException e)
        {
            // Other refusals (above all 5.7.1) may pass, or come from wrong settings, which Postfix also reports at RCPT.
            var isFinal = e.ErrorCode == SmtpErrorCode.RecipientNotAccepted && NoSuchRecipient().IsMatch(e.Message);
            return (isFinal ? Submitted.Refused : Submitted.NotNow, $"{(int)e.StatusCode} {e.Message}");
        }
        catch (Exception e) when (IsAway(e) || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            await CloseAsync();
            return (Submitted.NotNow, e.Message);
        }
    }

    /// <summary>Ends the connection, politely if it can.</summary>
    public async Task CloseAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            if (_client.IsConnected) await _client.DisconnectAsync(quit: true, limit.Token);
        }
        catch (Exception e) when (IsAway(e) || e is OperationCanceledException)
        {
            // Disposing of the client closes the connection anyway.
        }
    }

    /// <summary>Whether an exception says that the server is not there, or cannot be trusted, or does not let us in.</summary>
    public static bool IsAway(Exception e)
        => e is IOException or SocketException or TimeoutException or ProtocolException or ServiceNotConnectedException or ServiceNotAuthenticatedException
            or CommandException or System.Security.Authentication.AuthenticationException or MailKit.Security.AuthenticationException or SslHandshakeException or NotSupportedException;

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static CancellationTokenSource Limit(CancellationToken stop)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        return limit;
    }

    [GeneratedRegex(@"^5\.1\.([1-6]|10)\b")]
    private static partial Regex NoSuchRecipient();

    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 server || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return false;
        using var authority = X509CertificateLoader.LoadCertificateFromFile(settings.Authority!);
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.Add(authority);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return own.Build(server);
    }
}
