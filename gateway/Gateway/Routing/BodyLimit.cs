using Hikyaku.Platform;
using Microsoft.AspNetCore.Http.Features;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// Refuses bodies that are too large (413), announced or chunked, before a service or a parser has them whole. What a client
/// still sends is taken and thrown away for a while: a connection that is cut in the middle of sending hides the answer from it.
/// </summary>
public static class BodyLimit
{
    /// <summary>The largest body, in bytes, of all but a few routes.</summary>
    public const long MaxBytes = 1 << 20;

    /// <summary>The largest body where files are taken: 35 MB, and what a form has around its file.</summary>
    public const long MaxFileBytes = (35 << 20) + (64 << 10);

    /// <summary>How much of a refused body Kestrel reads before it closes the connection; it also does so after five seconds.</summary>
    public const long DrainedBytes = 32 << 20;

    /// <summary>Sets the limit; behind routing, whose line of the table has it.</summary>
    public static IApplicationBuilder UseBodyLimit(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var max = Of(http);
        if (http.Request.ContentLength > max) return Refusal(http).ExecuteAsync(http);
        if (max > DrainedBytes && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server) server.MaxRequestBodySize = max;
        if (http.Request.ContentLength is null) http.Request.Body = new CountedBody(http.Request.Body, max);
        return next(http);
    });

    /// <summary>The answer.</summary>
    public static IResult Refusal(HttpContext http) => Problems.Of(PlatformProblems.TooLarge, null, ("max", Of(http)));

    private static long Of(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<GatewayRoute>()?.MaxBodyBytes ?? MaxBytes;

    private sealed class CountedBody(Stream body, long max) : Stream
    {
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await body.ReadAsync(buffer, cancellationToken);
            _read += read;
            return _read <= max ? read : throw new BadHttpRequestException("The body is too large", StatusCodes.Status413PayloadTooLarge);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
            => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reads");

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
